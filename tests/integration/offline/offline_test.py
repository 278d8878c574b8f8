"""A build only compiles: it asks no package manager and needs no network once `make deps` has run. offline_test.py"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
FETCHES = re.compile(r"(?<![\w.-])(apt|apt-get|dpkg|npm|npx|pip3?|curl|wget|git)(\.sh)?(?![\w.-])")


def without_network():
    """Words before a command that give it a network namespace of its own, with nothing but a loopback that is down."""
    if os.geteuid() == 0:
        return ["unshare", "--net"]
    own = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode == 0:
        return own
    # Where users may not have namespaces (Ubuntu 24.04).
    me = ["setpriv", "--reuid", str(os.geteuid()), "--regid", str(os.getegid()), "--clear-groups"]
    return ["sudo", "--preserve-env", "unshare", "--net", *me]


def commands(ninja):
    """What the rules and edges of a build.ninja would run, without comments and paths of dependencies."""
    return [line for line in ninja.splitlines() if re.match(r"\s+(COMMAND|command) = ", line)]


def fetchers(lines):
    return [line for line in lines if FETCHES.search(line)]


class Offline(unittest.TestCase):
    def run_offline(self, *command, timeout):
        done = subprocess.run([*without_network(), *map(str, command)], cwd=SOURCE, capture_output=True, text=True, timeout=timeout, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_there_is_no_network(self):
        devices = self.run_offline("cat", "/proc/net/dev", timeout=60).splitlines()[2:]
        self.assertEqual([line.split(":")[0].strip() for line in devices], ["lo"])

    def test_the_check_sees_what_fetches(self):
        seen = ["  COMMAND = cd /x && sh -c \"/src/cmake/deps/npm.sh\"", "  COMMAND = pip install x", "  command = /usr/bin/apt-get update"]
        unseen = ["  COMMAND = cp /src/adapt.sh .", "  COMMAND = g++ -I/src/pipes -lcurl", "  COMMAND = cc -o git_hash.o"]
        self.assertEqual(fetchers([*seen, *unseen]), seen)

    def test_eoa_is_configured_and_built(self):
        # Below build/, as the build that has filled the compiler's cache, so that nearly all comes from there.
        with tempfile.TemporaryDirectory(dir=SOURCE / "build", prefix="offline-") as build:
            self.run_offline("cmake", "--preset", "dev", "-B", build, timeout=300)
            lines = commands((pathlib.Path(build) / "build.ninja").read_text(encoding="utf-8"))
            self.assertGreater(len(lines), 20, "the commands of build.ninja were not found")
            self.assertEqual(fetchers(lines), [])
            self.run_offline("cmake", "--build", build, "--target", "eoa", timeout=900)
            self.assertRegex(self.run_offline(f"{build}/bin/eoa", "version", timeout=60), r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
