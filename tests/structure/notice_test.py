"""Checks that NOTICE names everything that programs are linked with or that is fetched to build them, and nothing that is not.
Run from anywhere: notice_test.py [SOURCE_DIR]."""

import pathlib
import re
import sys


def built_from(sources):
    """Names of packages, from the text of the files in cmake/deps by name: libraries of the distribution, wheels, npm packages."""
    listed = re.search(r"^packages=\((.*?)\)", sources["apt.sh"], re.DOTALL | re.MULTILINE).group(1).split()
    names = {name for name in listed if name.endswith("-dev")}
    for file, text in sources.items():
        if file.endswith(".txt"):
            names |= set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
        names |= set(re.findall(r"npm pack [^\n]*\b([\w-]+)@", text))
    return names


def named_in(notice):
    """What a line of NOTICE's lists begins with."""
    return set(re.findall(r"^([a-z0-9][\w.-]*) {2,}\S", notice, re.MULTILINE))


def faults_of(sources, notice):
    needed, named = built_from(sources), named_in(notice)
    return ([f"NOTICE does not name {name}, which cmake/deps installs or fetches" for name in sorted(needed - named)] +
            [f"NOTICE names {name}, which cmake/deps neither installs nor fetches" for name in sorted(named - needed)])


def self_test():
    """The check must be able to fail."""
    sources = {"apt.sh": "packages=(\n  g++ libone-dev\n)\n", "a.txt": "# wheels\ntwo==1.0 --hash=x\n", "b.sh": 'npm pack --silent "three@$v"\n'}
    assert not faults_of(sources, "libone-dev  one, MIT\ntwo   Two\nthree  Three\n")
    assert faults_of(sources, "libone-dev  one, MIT\ntwo   Two\n")
    assert faults_of(sources, "libone-dev  one, MIT\ntwo   Two\nthree  Three\nfour  Four\n")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    sources = {path.name: path.read_text(encoding="utf-8") for path in (root / "cmake/deps").iterdir()}
    faults = faults_of(sources, (root / "NOTICE").read_text(encoding="utf-8"))
    for known in {"libssl-dev", "torch", "echarts"} - built_from(sources):
        faults.append(f"cmake/deps was not understood: {known} was not found in it")
    for line in (root / "LICENSE").read_text(encoding="utf-8").splitlines()[:3]:
        if "Apache License" in line:
            break
    else:
        faults.append("LICENSE does not begin with the Apache License")
    print("\n".join([*faults, f"{len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    self_test()
    sys.exit(main())
