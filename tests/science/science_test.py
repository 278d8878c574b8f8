"""What `make science` runs, in seconds: science_test.py EOA. The sweeps are fair, and a page gets its table."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
EOA = sys.argv[1]
SWEEPS = sorted(HERE.glob("*.yaml"))
PAGE = SOURCE / "docs/science.md"

# A run of some seconds: two short generations, real workers.
TINY = """
apiVersion: eoa.io/v1alpha1
kind: Sweep
metadata: {name: tiny}
spec:
  job: tiny-job.yaml
  seeds: 1
  arms:
  - {name: today}
  - name: cosine
    set:
      spec.populations[*].algorithm: {name: Fixed, schedule: Cosine}
  matrix:
    spec.ecosphere.baseLearningRate: [0.05]
  compareWith: cosine
"""
TINY_JOB = {
    "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "tiny"},
    "spec": {"trainer": {"model": {"name": "wrn-10-1"}, "batchSizePerMember": 8,
                         "dataset": {"name": "webdataset", "path": str(SOURCE / "manifests/samples/data/cifar10-subset"), "augmentation": "cifar"}},
             "ecosphere": {"generations": 2, "generationSteps": 2, "fitnessSamples": 64},
             "populations": [{"name": "wolves", "algorithm": {"name": "Whale"}, "members": 2}]},
}


def science(page, output, *sweeps, expect=0):
    done = subprocess.run([sys.executable, HERE / "science.py", EOA, page, output, *sweeps], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == expect, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


class Science(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def test_every_arm_of_a_sweep_trains_as_much_as_the_others(self):
        self.assertGreaterEqual(len(SWEEPS), 2)
        for file in SWEEPS:
            output = self.folder / file.stem
            subprocess.run([EOA, "sweep", "--show", file, "--output", output], check=True, stdout=subprocess.DEVNULL)
            sweep = json.loads((output / "sweep.json").read_text(encoding="utf-8"))
            self.assertEqual(len({(each["passes"], each["images"]) for each in sweep["variants"]}), 1, file.name)

    def test_every_job_of_a_sweep_has_the_same_first_population_and_eight_members(self):
        for file in SWEEPS:
            text = subprocess.run([EOA, "sweep", "--render", file], check=True, capture_output=True, text=True).stdout
            jobs = [each for each in text.split("---\n") if each]
            self.assertGreater(len(jobs), 2)
            for job in jobs:
                self.assertEqual(job.count("  - name: wolves\n") + job.count("  - name: whales\n"), job.count("members: "), job)
                self.assertEqual(sum(int(line.split()[-1]) for line in job.splitlines() if "members: " in line), 8, job)

    def test_the_page_has_a_place_for_every_sweep(self):
        text = PAGE.read_text(encoding="utf-8")
        for file in SWEEPS:
            self.assertEqual(text.count(f"<!-- {file.stem} -->\n"), 1)
            self.assertEqual(text.count(f"<!-- /{file.stem} -->\n"), 1)

    def test_a_page_gets_the_table_between_its_marks_and_nothing_else_changes(self):
        (self.folder / "tiny-job.yaml").write_text(json.dumps(TINY_JOB), encoding="utf-8")
        sweep = self.folder / "tiny.yaml"
        sweep.write_text(TINY, encoding="utf-8")
        page = self.folder / "page.md"
        page.write_text("Before\n<!-- tiny -->\nold\n<!-- /tiny -->\nafter\n", encoding="utf-8")
        science(page, self.folder / "out", sweep)
        first = page.read_text(encoding="utf-8")
        lines = first.splitlines()
        self.assertEqual(lines[:3], ["Before", "<!-- tiny -->", "| arm | baseLearningRate | runs | test % | from cosine | passes | seconds | sum of LRs |"])
        self.assertEqual(lines[-2:], ["<!-- /tiny -->", "after"])
        self.assertNotIn("old", lines)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
        self.assertEqual([row[:3] for row in rows], [["today", "0.05", "1"], ["cosine", "0.05", "1"]])
        result = json.loads((self.folder / "out/tiny/runs/today-baselearningrate-0-05-s1/result.json").read_text(encoding="utf-8"))
        self.assertEqual(rows[0][3], f"{100 * result['testAccuracy']:.2f}")
        self.assertEqual(rows[1][4], "–")
        self.assertEqual(rows[0][5], "64 images")  # 2 generations x 2 steps x 2 members x 8

        # Made again from what is there: the same page.
        science(page, self.folder / "out", sweep)
        self.assertEqual(page.read_text(encoding="utf-8"), first)

    def test_a_page_without_marks_is_refused_before_anything_runs(self):
        page = self.folder / "page.md"
        page.write_text("<!-- tiny -->\n", encoding="utf-8")
        self.assertIn("needs the lines", science(page, self.folder / "out", self.folder / "tiny.yaml", expect=1))
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
