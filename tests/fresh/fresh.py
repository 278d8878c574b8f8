#!/usr/bin/env python3
"""The first run of a stranger: a machine with nothing but git, make and apt, on which the README's commands are typed one after the other.

  sudo tests/fresh/fresh.py                        Debian 12, all commands; hours
  sudo tests/fresh/fresh.py --only 'make run'      the commands that contain this (may be given several times)
  sudo tests/fresh/fresh.py --release noble --mirror URL --keyring FILE
  tests/fresh/fresh.py --list                      the commands, and what is not run

Prints a table: command, result, seconds, MiB that were downloaded. Exit status 0: all commands ran and succeeded; 1: one failed;
3: there are no package sources for the release, so nothing was run.

The commands come from README.md's `sh` blocks and inline code. The machine is made by debootstrap in a temporary folder and has processes,
mounts, a host name and a network of its own (machine.py). It gets the last commit of this checkout, and of the host its package
sources, certificates and settings for registries, but no package, no program and no cache. What it downloads is what its network device
receives. --bare saves the minutes that debootstrap takes. --cache keeps compilers' results, LibTorch and the node's programs between
runs, for work on this program; then the times are not those of a first run.
"""

import argparse
import pathlib
import re
import shlex
import sys
import time

from machine import Machine, NoPackages

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Of the README's sections; the others' commands need what a reader brings.
SECTIONS = ("Quickstart", "On Kubernetes")
TYPED = re.compile(r"^(make|kubectl|build/release/bin/eoa) [a-z]")


def sections(text):
    """Headings and what stands below each."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def commands(text):
    """What a reader types, in the order of the text: lines of sh blocks, and code inside sentences that begins with one of our programs.
    Of inline code, what needs a file that the README does not bring is left out."""
    found = []
    for block, inline in re.findall(r"^```sh\n(.*?)^```$|`([^`\n]+)`", text, flags=re.MULTILINE | re.DOTALL):
        lines = [line.split(" #")[0].strip() for line in block.splitlines()] if block else [inline]
        found += [line for line in lines if line and (block or (TYPED.match(line) and "job.yaml" not in line))]
    return found


def readme_commands():
    by_section = sections((SOURCE / "README.md").read_text(encoding="utf-8"))
    run = [command for name in SECTIONS for command in commands(by_section[name])]
    others = [command for name, text in by_section.items() if name not in SECTIONS for command in commands(text)]
    return run, others


def self_test():
    assert commands("a\n```sh\nmake run   # it\n\nkubectl get x\n```\nb `make test` c `job.json`, `kubectl`\n```yaml\na: b\n```\n") == [
        "make run", "kubectl get x", "make test"]
    run, _ = readme_commands()
    for needed in ("make run", "make test", "make cluster-up", "kubectl apply -k manifests", "make cluster-down"):
        assert needed in run, f"'{needed}' was not found in README.md"


def tell(rows):
    print("\n| command | result | seconds | MiB |\n|---|---|---|---|")
    for command, result, seconds, received in rows:
        print(f"| `{command}` | {result} | {seconds:.0f} | {received / 2**20:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the commands and end")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="commands that contain TEXT")
    parser.add_argument("--skip", action="append", default=[], metavar="TEXT", help="not the commands that contain TEXT")
    parser.add_argument("--release", default="bookworm", help="of Debian or Ubuntu: bookworm (the default) or noble")
    parser.add_argument("--mirror", help="of the release's packages; default: the host's own package source")
    parser.add_argument("--keyring", type=pathlib.Path, metavar="FILE", help="keys of a release that the host has no package of keys for")
    parser.add_argument("--bare", type=pathlib.Path, metavar="FILE", help="an archive of the bare machine, made when it is not there")
    parser.add_argument("--cache", type=pathlib.Path, metavar="FOLDER", help="~/.cache of the machine's user; it is kept")
    parser.add_argument("--work", type=pathlib.Path, help="where the machine's folder is made (default: TMPDIR); 30 GB")
    parser.add_argument("--limit", type=float, default=180, metavar="MINUTES", help="for each command")
    parser.add_argument("--shell", action="store_true", help="a shell on the machine before it goes")
    options = parser.parse_args()
    self_test()
    run, others = readme_commands()
    if options.only:
        run = [command for command in run if any(text in command for text in options.only)]
    run = [command for command in run if not any(text in command for text in options.skip)]
    if options.list:
        print("\n".join(run))
        print("\nnot run, since they need data or a job of yours:")
        print("\n".join(others))
        return 0

    rows = []
    failed = False
    try:
        started = time.monotonic()
        with Machine(options) as machine:
            print(f"fresh: {machine.description} after {time.monotonic() - started:.0f} s, in {machine.root}", flush=True)
            for command in run:
                print(f"\nfresh: $ {command}", flush=True)
                started, before = time.monotonic(), machine.received()
                result = "interrupted"
                try:
                    status = machine.run(command, timeout=60 * options.limit)
                    failed |= status != 0
                    result = {0: "succeeded", None: f"no end after {options.limit:g} minutes"}.get(status, f"exit status {status}")
                finally:
                    rows.append((command, result, time.monotonic() - started, machine.received() - before))
                print(f"fresh: {result}", flush=True)
                if failed:
                    break
            if options.shell:
                machine.run(shlex.join(["bash", "-i"]), timeout=None)
    except NoPackages as reason:
        print(f"fresh: NOT RUN: {reason}", file=sys.stderr)
        return 3
    finally:
        rows += [(command, "not run", 0, 0) for command in run[len(rows):]]
        tell(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
