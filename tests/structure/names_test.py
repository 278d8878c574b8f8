"""Checks that what comments and documents name exists: files and folders, links, make targets, flags and environment variables, types
and their members, functions, constants. Run from anywhere: names_test.py [SOURCE_DIR]."""

import collections
import fnmatch
import itertools
import pathlib
import posixpath
import re
import subprocess
import sys

CODE = (".h", ".cc", ".cu")
SCRIPTS = (".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile", "Dockerfile")
DATA = (".yaml", ".json", ".md", ".tpl", ".js")

# Names of other people's programs and interfaces, which nothing here defines; and what users call their own files.
OUTSIDE = set("""
    AlreadyExists CamelCase ConfigMaps DistributedDataParallel ErrorMessages FaultInjectionTestEnv FlopCounterMode GoogleTest ImageNet
    LeVeque LibTorch NumPy PyTorch ResourceVersionTooLarge StatefulSets TensorFlow ThreadSanitizer ViTForImageClassification ViTModel WebDataset WebDatasets
    TorchConfig.cmake schedule.py torch/serialization.py --sort
""".split())
OUTSIDE_NAMESPACES = {"std", "torch", "at", "c10", "nlohmann", "CLI", "testing", "boost", "beast", "asio", "prometheus", "ranges"}

PATH = re.compile(r"(?<![\w./$:-])((?:[\w.-]+/)+[\w.{},*-]*[\w}*])")
SOURCE_FILE = re.compile(r"(?<![\w.*-])((?:[\w-]+/)*[\w-]+\.(?:cc|h|cu|py|sh|cmake))\b")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
MAKE = re.compile(r"`make ([a-z][a-z0-9-]*)")
MEMBER = re.compile(r"(?<![\w:])([A-Za-z_]\w*)::(~?\w+)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+|\bEOA_[A-Z_]+\b")
CALL = re.compile(r"\b([A-Z]\w*[a-z]\w*)\(\)")
NAME = re.compile(r"\b((?:[A-Z][a-z0-9]+){2,}|k(?:[A-Z][a-z0-9]+)+)\b")
QUOTED = re.compile(r"`([^`\n]+)`")
STRING = re.compile(r'R"\((.*?)\)"|"((?:\\.|[^"\\\n])*)"', re.DOTALL)
DECLARATION = re.compile(r"\b(?:class|struct|enum class|enum|union|namespace)\s+(?:\[\[\w+\]\]\s*)?(?:[A-Z_]+(?:\([^)]*\))?\s+)?"
                         r"([\w:]+)[^;{}()]*\{")


def split_comments(text, mark):
    """The text without comments, and the comments; a mark inside of a string is none."""
    code, comments = [], []
    for line in text.split("\n"):
        at = next((m.start() for m in re.finditer(re.escape(mark), line)
                   if line[:m.start()].count('"') % 2 == 0 and (m.start() == 0 or line[m.start() - 1] in " \t(")), None)
        code.append(line if at is None else line[:at])
        comments.append("" if at is None else line[at + len(mark):])
    return "\n".join(code), "\n".join(comments)


def body_after(text, start):
    depth, end = 1, start
    while depth and end < len(text):
        depth += (text[end] == "{") - (text[end] == "}")
        end += 1
    return text[start:end]


class Tree:
    """What there is: `files` by name, and what their code declares."""

    def __init__(self, files):
        self.files = files
        self.folders = {str(folder) for name in files for folder in pathlib.PurePosixPath(name).parents}
        self.top = {name.split("/")[0] for name in files if "/" in name}
        self.targets = set(re.findall(r"^([a-z][a-z0-9-]*):", files.get("Makefile", ""), re.MULTILINE))
        self.types, self.words, self.flags, self.prose = collections.defaultdict(list), set(), set(), {}
        for name, text in files.items():
            if not name.endswith(".md"):
                self.flags.update(FLAG.findall(text))
            if name.endswith(CODE):
                code, self.prose[name] = split_comments(text, "//")
                self._declare(code)
                self.words.update(itertools.chain.from_iterable(re.findall(r"\w+", "".join(m)) for m in STRING.findall(code)))
                self.words.update(re.findall(r"\w+", STRING.sub('""', code)))
            elif name.endswith(SCRIPTS):
                code, self.prose[name] = split_comments(text, "#")
                self.words.update(re.findall(r"\w+", code))
            elif name.endswith(DATA) and not name.endswith(".md"):
                self.words.update(re.findall(r"\w+", text))
            elif name.endswith(".md"):
                self.prose[name] = text

    def _declare(self, code):
        for match in DECLARATION.finditer(code):
            for part in match.group(1).split("::"):
                self.types[part].append(body_after(code, match.end()))
        for alias in re.findall(r"\busing\s+(\w+)\s*=", code):
            self.types[alias].append(code)

    def has_path(self, path):
        """Whether a file or folder is called so, or begins so, or fits its stars; {a,b} stands for both."""
        choice = re.search(r"\{([^{}]*)\}", path)
        if choice:
            return all(self.has_path(path[:choice.start()] + each + path[choice.end():]) for each in choice.group(1).split(","))
        if "{" in path:
            return True  # goes on in the next line
        names = itertools.chain(self.files, self.folders)
        return any(fnmatch.fnmatch(name, path + "*") for name in names)

    def faults_of(self, name):
        text, markdown = self.prose[name], name.endswith(".md")
        for path in PATH.findall(text):
            if path.split("/")[0] in self.top and not self.has_path(path):
                yield f"there is no {path}"
        for file in SOURCE_FILE.findall(text):
            if file not in OUTSIDE and not any(("/" + each).endswith("/" + file) for each in self.files):
                yield f"there is no file {file}"
        if markdown:
            for link in LINK.findall(text):
                if not self.has_path(posixpath.normpath(posixpath.join(posixpath.dirname(name), link))):
                    yield f"a link leads to {link}, which is not there"
            for target in MAKE.findall(text):
                if target not in self.targets:
                    yield f"make has no target {target}"
            for flag in FLAG.findall(text):
                if flag not in self.flags and flag not in OUTSIDE:
                    yield f"no program knows {flag}"
        for owner, member in MEMBER.findall(text):
            if owner in OUTSIDE_NAMESPACES:
                continue
            if owner not in self.types:
                yield f"there is no type or namespace {owner} ({owner}::{member})"
            elif not any(re.search(rf"\b{member}\b", body) for body in self.types[owner]):
                yield f"{owner} has no {member}"
        # Documents speak of much else in capitals: only what they quote is code.
        quoted = " ".join(QUOTED.findall(text)) if markdown else text
        for word in [*CALL.findall(quoted), *NAME.findall(quoted)]:
            if self.words.isdisjoint({word, "k" + word, word.rstrip("s")}) and word not in OUTSIDE:
                yield f"nothing is called {word}"

    def faults(self):
        return [f"{name}: {fault}" for name in self.prose for fault in dict.fromkeys(self.faults_of(name))]


def self_test():
    """The check must be able to fail."""
    there = {"broker/core/a.h": "// See broker/core/b.cc and b.cc.\nstruct Options { int heartbeat_timeout; };\nconstexpr int kMost = 1;\n",
             "broker/core/b.cc": 'void ReadAll() { Fail("NotJoined"); }  // http://x/y "of `Options`"\n', "Makefile": "run: # x --fresh\n"}
    good = ["[a](../broker/core/a.h)", "`make run`", "broker/core", "broker/{core/a.h,core/b.cc}", "broker/core/*.cc", "broker/co",
            "Options::heartbeat_timeout", "`ReadAll()`", "`NotJoined`", "std::string", "SomeThing", "--fresh"]
    bad = ["[a](broker/core/a.h)", "`make walk`", "broker/core/c.cc", "comm/b.cc", "broker/{core,rest}", "BrokerOptions::heartbeat_timeout",
           "Options::timeout", "`ReadNone()`", "`kLeast`", "`NotLeft`", "--stale", "EOA_NONE"]
    for text in good:
        assert not Tree({**there, "docs/x.md": text}).faults(), text
    for text in bad:
        assert Tree({**there, "docs/x.md": text}).faults(), text
    for text in ["// ValidateJob (common/api/validate.h)", "// SomeThing", "// broker/api/validate.h", "int a;  // ReadNone() does it"]:
        assert Tree({**there, "broker/core/c.h": text}).faults(), text
    assert not Tree({**there, "broker/core/c.h": 'auto a = "x // SomeThing";  // ReadAll() does it'}).faults()


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    listing = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout.decode()
    # The corpora of fuzzers are there for being malformed.
    texts = {name: (root / name).read_text(encoding="utf-8") if name.endswith(CODE + SCRIPTS + DATA) and "/corpus/" not in name else ""
             for name in listing.split("\0") if name and (root / name).is_file()}
    tree = Tree(texts)
    faults = tree.faults()
    prose = "\n".join(tree.prose.values())
    faults += [f"OUTSIDE lists {name}, which nobody names" for name in sorted(OUTSIDE) if prose.count(name) == 0]
    print("\n".join([*faults, f"{len(tree.prose)} files read, {len(faults)} faults"]))
    return 1 if faults or len(tree.prose) < 50 else 0


if __name__ == "__main__":
    self_test()
    sys.exit(main())
