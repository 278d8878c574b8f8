"""Lets Clang check who holds which lock (common/base/thread_annotations.h) in every source file whose own folder's
classes have one: lock_check.py BUILD_DIR. Needs the build's compile_commands.json and clang++, not a build."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

MUTEX = "common/base/mutex.h"
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
CHECK = ["-fsyntax-only", "-Wthread-safety", "-Werror=thread-safety"]

# What the check must refuse, and what it must let pass.
SNIPPET = """#include "common/base/mutex.h"
class Counter {
 public:
  void Add() { %s ++count_; }
  void Wait() { const eoa::MutexLock lock(mutex_); changed_.Wait(mutex_, [this]() REQUIRES(mutex_) { return count_ > 0; }); }
 private:
  eoa::Mutex mutex_;
  eoa::CondVar changed_;
  int count_ GUARDED_BY(mutex_) = 0;
};
void Use() { Counter counter; counter.Add(); counter.Wait(); }
"""


def sources_to_check(root, sources):
    """Sources that include mutex.h or a header of their own folder that does; and, for a header with a lock that no source beside it
    includes, one that does."""
    includes = {name: set(INCLUDE.findall((root / name).read_text(encoding="utf-8"))) for name in sources}
    headers = [name for name in subprocess.run(["git", "-C", str(root), "grep", "-lF", f'"{MUTEX}"', "--", "*.h"], check=True,
                                               capture_output=True, text=True).stdout.split()]
    chosen = {name for name in sources if MUTEX in includes[name]}
    for header in headers:
        users = [name for name in sources if header in includes[name]]
        beside = [name for name in users if pathlib.PurePath(name).parent == pathlib.PurePath(header).parent]
        chosen.update(beside or users[:1])
    return sorted(chosen)


def command_of(entry):
    """The compiler's arguments without what names the output, and without warnings: those are the build's business. Precompiled headers
    (-include) are another compiler's."""
    words = shlex.split(entry["command"])
    kept = []
    skip = False
    for word in words[1:]:
        if skip or word in ("-c", "-o", "-include"):
            skip = word in ("-o", "-include")
        elif re.match(r"-(I|D|isystem|iquote|std=|pthread)", word) or (kept and kept[-1] in ("-isystem", "-iquote", "-I")):
            kept.append(word)
    return ["clang++", *kept, *CHECK, entry["file"]]


def run(arguments, folder):
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)


def self_test(root):
    for guard, passes in (("const eoa::MutexLock lock(mutex_);", True), ("", False)):
        with tempfile.NamedTemporaryFile("w", suffix=".cc") as file:
            file.write(SNIPPET % guard)
            file.flush()
            done = run(["clang++", "-std=c++20", f"-I{root}", *CHECK, file.name], root)
        assert (done.returncode == 0) == passes and ("mutex_" in done.stderr) != passes, done.stderr


def main():
    root = pathlib.Path(__file__).parents[2].resolve()
    build = pathlib.Path(sys.argv[1])
    self_test(root)
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.suffix == ".cc" and path.is_relative_to(root) and not path.is_relative_to(build.resolve()):
            entries[str(path.relative_to(root))] = entry
    chosen = sources_to_check(root, sorted(entries))
    faults = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, done in zip(chosen, pool.map(lambda name: run(command_of(entries[name]), entries[name]["directory"]), chosen)):
            if done.returncode != 0:
                faults += 1
                print(done.stderr, end="")
    print(f"{len(chosen)} files checked, {faults} with faults")
    return 1 if faults or len(chosen) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
