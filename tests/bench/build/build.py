#!/usr/bin/env python3
"""Seconds that a clean build of what users run takes at two commits, one after the other, without ccache.

  build.py [--before COMMIT] [--after COMMIT] [--rounds N] [--jobs N]

Each commit is checked out into a work tree of its own and configured; then the programs are built from nothing, in turn, `rounds` times.
Prints JSON: wall clock and processor time of each build and the ratio of the sums. On a machine that has other things to do the
processor time is the fairer figure."""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["eoa", "eoa-trainer", "eoa-trainer-worker"]
SOURCE = pathlib.Path(__file__).resolve().parents[3]


def run(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=sys.stderr)


def configure(tree):
    run("cmake", "--preset", "release", "--log-level=WARNING", "-DEOA_BUILD_TESTS=OFF", "-DCMAKE_CXX_COMPILER_LAUNCHER=",
        "-DCMAKE_C_COMPILER_LAUNCHER=", cwd=tree)


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build(tree, jobs):
    run("ninja", "-C", "build/release", "-t", "clean", cwd=tree)
    wall, processor = time.monotonic(), processor_seconds()
    run("ninja", "-C", "build/release", f"-j{jobs}", *PROGRAMS, cwd=tree)
    return {"wall_seconds": round(time.monotonic() - wall, 1), "processor_seconds": round(processor_seconds() - processor, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="16cb8cc")
    parser.add_argument("--after", default="HEAD")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    commits = {"before": arguments.before, "after": arguments.after}
    builds = {name: [] for name in commits}
    with tempfile.TemporaryDirectory(prefix="eoa-build-") as folder:
        trees = {name: os.path.join(folder, name) for name in commits}
        try:
            for name, tree in trees.items():
                run("git", "worktree", "add", "--detach", "--quiet", tree, commits[name], cwd=SOURCE)
                configure(tree)
            for _ in range(arguments.rounds):
                for name, tree in trees.items():
                    builds[name].append(build(tree, arguments.jobs))
        finally:
            for tree in trees.values():
                subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=SOURCE, check=False)
    total = {name: {key: sum(each[key] for each in found) for key in ("wall_seconds", "processor_seconds")}
             for name, found in builds.items()}
    print(json.dumps({"bench": "build", "commits": commits, "jobs": arguments.jobs, "builds": builds,
                      "ratio": {key: round(total["after"][key] / total["before"][key], 3) for key in total["after"]}}, indent=1))


if __name__ == "__main__":
    main()
