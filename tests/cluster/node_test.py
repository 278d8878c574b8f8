"""A node whose pods cannot get an address does not come up, and up.sh says why: node_test.py. Needs root, as every node does.

Each case works on a copy of the scripts in a folder of its own, and so on a node of its own beside this checkout's.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = pathlib.Path("/usr/lib/cni")
SAID = "this bridge is broken on purpose"
BROKEN = f"""#!/bin/sh
echo '{{"cniVersion": "0.4.0", "code": 100, "msg": "{SAID}"}}'
exit 1
"""


class Node(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What a node needs; minutes when this is the first one on this machine.
        subprocess.run([SOURCE / "cmake/deps/apt.sh", "--cluster"], check=True, timeout=900)
        subprocess.run([SOURCE / "tests/cluster/programs.sh"], check=True, timeout=3600)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.checkout = self.folder / "checkout"
        for part in ("tests/cluster", "cmake/deps"):
            shutil.copytree(SOURCE / part, self.checkout / part)
        shutil.copy(SOURCE / "CMakeLists.txt", self.checkout)
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir()
        self.addCleanup(self.script, "down.sh")

    def script(self, name):
        environment = {**os.environ, "EOA_CNI_DIR": str(self.plugins), "KUBECONFIG": str(self.folder / "kubeconfig")}
        return subprocess.run([self.checkout / "tests/cluster" / name], env=environment, text=True, timeout=600, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def setting(self, name):
        command = f'. "{self.checkout}/tests/cluster/settings.sh" && printf %s "${name}"'
        return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout

    def link_plugins(self, *names):
        for name in names:
            (self.plugins / name).symlink_to(PLUGINS / name)

    def test_a_pod_without_an_address_is_the_end_with_the_plugins_own_words(self):
        self.link_plugins("host-local", "loopback", "portmap")
        (self.plugins / "bridge").write_text(BROKEN)
        (self.plugins / "bridge").chmod(0o755)
        started = time.monotonic()
        done = self.script("up.sh")
        seconds = time.monotonic() - started
        self.assertNotEqual(done.returncode, 0, done.stdout)
        last = done.stdout[done.stdout.rindex("cluster: the node did not come up"):]
        self.assertIn("the node is ready, but no pod runs within", last)
        self.assertIn("FailedCreatePodSandBox: Failed to create pod sandbox: ", last)
        self.assertIn(SAID, last)
        self.assertLess(seconds, 300)
        self.assertFalse(pathlib.Path(self.setting("state_dir")).exists(), "something is left of the node")

    def test_missing_plugins_are_named_before_anything_starts(self):
        self.link_plugins("bridge", "loopback", "portmap")
        done = self.script("up.sh")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"no network plugin {self.plugins}/host-local", done.stdout)
        self.assertFalse(pathlib.Path(self.setting("state_dir")).exists(), "something is left of the node")

    def test_with_good_plugins_a_pod_has_run(self):
        self.link_plugins("bridge", "host-local", "loopback", "portmap")
        done = self.script("up.sh")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"a pod has run at 10\.232\.\d+\.\d+\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
