"""What `eoa run` leaves for people: report_test.py EOA. A real run's report.html in a real browser, on a screen, a phone and paper;
exported schedules in Python and PyTorch, and replayed; runs side by side. EOA_KEEP=FOLDER keeps pages and pictures there."""

import importlib.util
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import torch

from browser import Browser

SOURCE = pathlib.Path(__file__).resolve().parents[3]
EOA = sys.argv[1]
GENERATIONS = 4
EVIL = "</script><script>document.title='taken over'</script><img src=x onerror=\"document.title='taken over'\">"


def eoa(*arguments, expect=0):
    done = subprocess.run([EOA, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == expect, f"eoa {arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout if expect == 0 else done.stderr


def job(folder, name, populations, seed=3):
    spec = {
        "seed": seed,
        "trainer": {"model": {"name": "wrn-10-1"}, "batchSizePerMember": 8,
                    "dataset": {"name": "webdataset", "path": str(SOURCE / "manifests/samples/data/cifar10-subset"), "augmentation": "cifar"}},
        "ecosphere": {"generations": GENERATIONS, "generationSteps": 2, "fitnessSamples": 64},
        "populations": populations,
    }
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps({"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": name}, "spec": spec}), encoding="utf-8")
    return file


WOLVES = {"name": "wolves", "algorithm": {"name": "GreyWolf"}, "members": 3}
WHALES = {"name": "whales", "algorithm": {"name": "Whale"}, "members": 2}


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([SOURCE / "cmake/deps/apt.sh", "--browser"], check=True, stdout=subprocess.DEVNULL)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.directory = cls.folder / "run"
        eoa("run", job(cls.folder, "seen", [WOLVES, WHALES]), "--output", cls.directory)

    @classmethod
    def tearDownClass(cls):
        if "EOA_KEEP" in os.environ:
            shutil.copytree(cls.folder, os.environ["EOA_KEEP"], dirs_exist_ok=True)

    def look(self, file, width=1200, height=900):
        browser = Browser(width, height)
        self.addCleanup(browser.close)
        browser.open(file)
        return browser

    def check_page(self, browser, charts):
        self.assertEqual(browser.run("document.documentElement.dataset.drawn"), str(charts))
        self.assertEqual(browser.run("document.querySelectorAll('.chart svg').length"), charts)
        self.assertEqual([message for message in browser.messages() if "favicon" not in message], [])
        self.assertEqual(browser.requests(), [])
        self.assertEqual(browser.run("document.documentElement.scrollWidth <= window.innerWidth"), True, "it is wider than the screen")

    def test_the_report_shows_the_run(self):
        browser = self.look(self.directory / "report.html")
        self.check_page(browser, 6)
        browser.screenshot(self.folder / "screen.png")
        text = browser.run("document.body.innerText")
        result = json.loads((self.directory / "result.json").read_text(encoding="utf-8"))
        accuracy = f"{100 * result['testAccuracy']:.4g} %"
        for expected in ("seen", "Succeeded", f"{GENERATIONS} of {GENERATIONS}", "wolves", "whales", "Grey Wolf", "Whale",
                         accuracy, "apiVersion: eoa.io/v1alpha1", "airplane"):
            self.assertIn(expected, text)
        # A line for each member, the elected path and the baseline: each has a symbol at each generation.
        lines = browser.run("document.querySelector('.chart svg').querySelectorAll('path[fill=none], path[fill=transparent]').length")
        self.assertGreaterEqual(lines, 7)
        rows = browser.run("[...document.querySelectorAll('h2')].find((each) => each.textContent === 'Elections').nextElementSibling.querySelectorAll('tbody tr').length")
        self.assertEqual(rows, GENERATIONS)
        browser.run("document.querySelector('button').click()")
        self.assertEqual(browser.run("document.querySelector('button').textContent"), "linear")
        self.assertEqual(browser.messages(), [])

    def test_it_fits_a_phone_and_paper(self):
        browser = self.look(self.directory / "report.html", width=390, height=844)
        self.check_page(browser, 6)
        browser.screenshot(self.folder / "phone.png")
        paper = browser.print()
        self.assertTrue(paper.startswith(b"%PDF"))
        (self.folder / "paper.pdf").write_bytes(paper)

    def test_names_from_files_are_text_and_nothing_else(self):
        copy = self.folder / "evil"
        shutil.copytree(self.directory, copy)
        result = json.loads((copy / "result.json").read_text(encoding="utf-8"))
        result["evaluation"]["classes"][0]["name"] = EVIL
        result["reason"] = EVIL
        result["outcome"] = "Failed"
        (copy / "result.json").write_text(json.dumps(result), encoding="utf-8")
        eoa("report", copy)
        browser = self.look(copy / "report.html")
        self.check_page(browser, 6)
        self.assertIn("seen", browser.run("document.title"))
        self.assertIn(EVIL, browser.run("document.body.innerText"))

    def test_a_run_that_goes_on_can_be_looked_at(self):
        copy = self.folder / "going-on"
        copy.mkdir()
        for name in ("job.json", "journal"):
            shutil.copy(self.directory / name, copy / name)
        whole = (copy / "journal").read_bytes()
        for size in (len(whole) // 3, len(whole) // 2, len(whole) - 3):
            (copy / "journal").write_bytes(whole[:size])
            eoa("report", copy)
            self.assertEqual((copy / "journal").read_bytes(), whole[:size], "a report changed the journal")
        browser = self.look(copy / "report.html")
        self.check_page(browser, 6)
        self.assertIn("Running", browser.run("document.body.innerText"))
        (copy / "journal").unlink()
        eoa("report", copy)
        self.check_page(self.look(copy / "report.html"), 0)

    def test_the_report_is_the_same_made_again(self):
        again = self.folder / "again.html"
        eoa("report", self.directory, "-o", again)
        self.assertEqual(again.read_bytes(), (self.directory / "report.html").read_bytes())

    def test_what_is_no_run_is_said(self):
        self.assertIn("there is no", eoa("report", self.folder / "nowhere", expect=1))
        self.assertIn("there is no", eoa("schedule", self.folder / "nowhere", expect=1))

    # ---- schedules ----

    def trained(self, directory):
        """What the weights of each generation were trained with; the test's runs average them, so the mean of the members' LRs."""
        rows = [line.split(",") for line in (directory / "schedule.csv").read_text(encoding="utf-8").splitlines()]
        column = {name: index for index, name in enumerate(rows[0])}
        of = {}
        for row in rows[1:]:
            of.setdefault(int(row[column["generation"]]), []).append((float(row[column["learning_rate"]]), float(row[column["trained"]])))
        for members in of.values():
            mean = sum(rate for rate, _ in members) / len(members)
            self.assertTrue(all(math.isclose(trained, mean, rel_tol=1e-12) for _, trained in members), members)
        return [members[0][1] for _, members in sorted(of.items())]

    def module(self, form):
        file = self.folder / f"{form.replace('-', '_')}.py"
        file.write_text(eoa("schedule", self.directory, "--format", form), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def test_schedules_for_python_and_json_are_what_trained_the_model(self):
        expected = self.trained(self.directory)
        self.assertEqual(len(expected), GENERATIONS)
        self.assertEqual(json.loads(eoa("schedule", self.directory, "--format", "json"))["learningRates"], expected)
        module = self.module("python")
        self.assertEqual([module.learning_rate(2 * generation + step) for generation in range(GENERATIONS) for step in (0, 1)],
                         [rate for rate in expected for _ in (0, 1)])
        self.assertEqual(module.learning_rate(1000), expected[-1])

    def test_pytorch_follows_the_schedule(self):
        expected = self.trained(self.directory)
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.7)
        scheduler = self.module("pytorch-lambda").make_scheduler(optimizer)
        for step in range(2 * GENERATIONS + 3):
            self.assertAlmostEqual(optimizer.param_groups[0]["lr"], expected[min(step // 2, GENERATIONS - 1)], delta=1e-12)
            optimizer.step()
            scheduler.step()

    def test_a_members_own_schedule(self):
        text = eoa("schedule", self.directory, "--format", "csv", "--population", "whales", "--member", 1)
        rows = [line.split(",") for line in text.splitlines()][1:]
        self.assertEqual([row[:3] for row in rows], [[str(generation), "whales", "1"] for generation in range(GENERATIONS)])
        self.assertIn("members 0 to 1", eoa("schedule", self.directory, "--format", "csv", "--population", "whales", "--member", 2, expect=1))
        self.assertIn("there are csv, json", eoa("schedule", self.directory, "--format", "yaml", expect=2))
        self.assertEqual(eoa("schedule", self.directory), (self.directory / "schedule.csv").read_text(encoding="utf-8"))

    def test_a_replay_takes_exactly_what_trained_the_model(self):
        alone = self.folder / "alone"
        eoa("run", job(self.folder, "alone", [WOLVES]), "--output", alone)
        path = self.folder / "path.csv"
        path.write_text(eoa("schedule", alone, "--format", "csv"), encoding="utf-8")
        replayed = self.folder / "replayed"
        fixed = {"name": "replay", "algorithm": {"name": "Fixed", "schedule": str(path)}, "members": 1}
        eoa("run", job(self.folder, "replayed", [fixed]), "--output", replayed)
        self.assertEqual(self.trained(replayed), self.trained(alone))
        table = eoa("compare", alone, replayed, self.directory, "--html", self.folder / "compared.html")
        self.assertEqual(len(table.splitlines()), 1 + 3 + 1)
        self.assertIn("Fixed x1", table)
        browser = self.look(self.folder / "compared.html")
        self.check_page(browser, 2)
        browser.screenshot(self.folder / "compared.png")

    def test_a_sweep_shows_its_variants(self):
        base = job(self.folder, "swept", [WOLVES])
        file = self.folder / "sweep.yaml"
        file.write_text(json.dumps({"apiVersion": "eoa.io/v1alpha1", "kind": "Sweep", "metadata": {"name": "rates"},
                                    "spec": {"job": base.name, "seeds": 2, "arms": [{"name": "today"}, {"name": "fast", "set": {
                                        "spec.ecosphere.baseLearningRate": 0.2, "spec.ecosphere.generations": 1}}]}}), encoding="utf-8")
        eoa("sweep", file, "--output", self.folder / "sweep")
        for width in (1200, 390):
            browser = self.look(self.folder / "sweep/sweep.html", width=width)
            self.check_page(browser, 1)
            browser.screenshot(self.folder / f"sweep-{width}.png")
            text = browser.run("document.body.innerText")
            for expected in ("rates", "today", "fast", "2 of 2", "±", "fast-s2", "Succeeded"):
                self.assertIn(expected, text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
