"""The CRD on a real API server: what it accepts is what `eoa validate` accepts, with the same defaults; what has started cannot be changed;
a full status survives; kubectl shows what it should.

Run by tests/cluster/apiserver.sh run python3 crd_test.py; EOA_BIN is the folder of `eoa`."""

import copy
import json
import os
import pathlib
import subprocess
import unittest

import api_server
import jobs
from api_server import JOBS, SOURCE, kubectl

EOA = pathlib.Path(os.environ["EOA_BIN"]) / "eoa"


def validate(text, *flags):
    return subprocess.run([EOA, "validate", *flags, "-"], input=text.encode(), capture_output=True, timeout=30)


def setUpModule():
    global PROXY
    api_server.install_crd()
    PROXY = api_server.Proxy()
    unittest.addModuleCleanup(PROXY.close)
    api_server.wait_for_route(PROXY)


class Table(unittest.TestCase):
    def test_the_api_server_and_eoa_validate_judge_alike_but_where_the_table_says_why_not(self):
        self.assertGreaterEqual(len(jobs.CASES), 60)
        accepts = {jobs.BOTH: (True, True), jobs.NEITHER: (False, False), jobs.SERVER_ONLY: (True, False), jobs.EOA_ONLY: (False, True)}
        for name, verdict, changes, *reason in jobs.CASES:
            with self.subTest(name):
                self.assertEqual(len(reason), verdict in (jobs.SERVER_ONLY, jobs.EOA_ONLY), "a difference needs its reason")
                text = jobs.text_of(changes)
                code, answer = PROXY.request("POST", JOBS + "?dryRun=All&fieldValidation=Strict", text, "application/yaml")
                self.assertIn(code, (201, 400, 413, 422), answer)
                own = validate(text)
                self.assertIn(own.returncode, (0, 1, 2))
                told = f"API server: {code} {answer.get('message')}\neoa: {own.returncode} {own.stderr.decode()}"
                self.assertEqual((code == 201, own.returncode == 0), accepts[verdict], told)
                # Of another kind the API server knows no defaults.
                if code == 422 and name != "another kind":
                    self.assertNotIn("no such key", answer["message"], "a rule reads a field that may be absent")
                    self.assertNotIn("cost", answer["message"])

    def test_the_api_server_fills_in_the_defaults_of_eoa_validate(self):
        for name, verdict, changes, *_ in jobs.CASES:
            if verdict != jobs.BOTH:
                continue
            with self.subTest(name):
                text = jobs.text_of(changes)
                code, stored = PROXY.request("POST", JOBS + "?dryRun=All", text, "application/yaml")
                self.assertEqual(code, 201)
                file = {key: value for key, value in json.loads(text).items() if key != "status"}
                # In quotes as everything else, so both go the same way to the reader.
                given = validate(json.dumps(file), "--defaults").stdout
                del stored["metadata"]
                filled = validate(json.dumps({**stored, "metadata": file["metadata"]}), "--defaults").stdout
                self.assertTrue(given)
                self.assertEqual(filled.decode(), given.decode())

    def test_every_default_that_does_not_depend_on_other_fields_is_filled_in(self):
        _, stored = PROXY.request("POST", JOBS + "?dryRun=All", jobs.SHORTEST)
        own = subprocess.run([EOA, "validate", "--defaults", "-"], input=json.dumps(jobs.SHORTEST), capture_output=True, text=True, timeout=30).stdout
        missing = fields_missing(stored["spec"], parse(own)["spec"])
        derived = {"trainer.model.imageSize", "trainer.dataset.augmentation", "trainer.optimizer.rho", "ecosphere.generationEpochs",
                   "populations[].algorithm.stepScale"}
        free = {"template", "populations[].template", "checkpoint.volumeClaim"}
        self.assertEqual(missing, derived | free)


def parse(yaml):
    """YAML as JSON, by kubectl."""
    return json.loads(kubectl("label", "--local", "-f", "-", "-o", "json", "parsed=yes", stdin=yaml))


def fields_missing(have, want, path=""):
    missing = set()
    for key, value in want.items():
        inner = f"{path}.{key}" if path else key
        if key not in have:
            missing.add(inner)
        elif isinstance(value, dict):
            missing |= fields_missing(have[key], value, inner)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for mine, theirs in zip(have[key], value, strict=True):
                missing |= fields_missing(mine, theirs, inner + "[]")
    return missing


class Changes(unittest.TestCase):
    """What may be changed, and when."""

    def setUp(self):
        self.name = "changes"
        job = copy.deepcopy(jobs.SHORTEST)
        job["metadata"]["name"] = self.name
        job["spec"]["template"] = {"spec": {"nodeSelector": {"a": "b"}}}
        job["spec"]["populations"][0]["template"] = {"spec": {"priority": 1}}
        job["spec"]["populations"][0]["algorithm"]["stepScale"] = 0.5
        job["spec"]["checkpoint"] = {"volumeClaim": {"accessModes": ["ReadWriteOnce"]}}
        code, answer = PROXY.request("POST", JOBS, job)
        self.assertEqual(code, 201, answer)
        self.addCleanup(PROXY.request, "DELETE", f"{JOBS}/{self.name}")

    def patch(self, patch, subresource=""):
        return PROXY.request("PATCH", f"{JOBS}/{self.name}{subresource}", patch, "application/json-patch+json")

    def start(self):
        code, answer = PROXY.request("PATCH", f"{JOBS}/{self.name}/status", {"status": {"startTime": "2026-01-01T00:00:00Z"}},
                                     "application/merge-patch+json")
        self.assertEqual(code, 200, answer)

    def replace(self, path, value):
        return self.patch([{"op": "add", "path": "/spec/" + path, "value": value}])

    CHANGES = {
        "seed": 7,
        "trainer/batchSizePerMember": 16,
        "trainer/model/name": "wrn-28-10",
        "trainer/model/imageSize": 32,
        "trainer/optimizer/momentum": 0.5,
        "ecosphere/generations": 300,
        "ecosphere/exchange/deadlineSeconds": 60,
        "ecosphere/generationEpochs": 1,
        "populations/0/members": 5,
        "populations/0/name": "other",
        "populations/0/algorithm/stepScale": 0.75,
        "populations/0/algorithm/minLearningRate": 0.001,
        "populations/1/initialScaling": "SquareRoot",
        "populations/-": {"name": "third", "algorithm": {"name": "Whale"}, "members": 2},
        "checkpoint/keep": 5,
        "checkpoint/volumeClaim/storageClassName": "fast",
        "checkpoint/volumeClaim": {"storageClassName": "fast"},
    }
    TEMPLATES = {
        "template/spec/nodeSelector/a": "c",
        "template/spec/nodeSelector": {"z": "b"},
        "template/spec": {"tolerations": []},
        "template/metadata": {"labels": {"a": "b"}},
        "populations/0/template/spec/priority": 2,
        "populations/0/template/spec": {"hostname": "a"},
        "populations/1/template": {"spec": {"priority": 2}},
    }

    def test_all_but_who_manages_it_can_change_before_the_job_starts(self):
        empty = json.loads((SOURCE / "tests/data/jobs/status-empty.json").read_text())
        code, answer = self.patch([{"op": "add", "path": "/status", "value": empty}], "/status")
        self.assertEqual(code, 200, answer.get("message"))
        self.assertIsNone(answer["status"]["startTime"])
        for path, value in {**self.CHANGES, **self.TEMPLATES}.items():
            with self.subTest(path):
                code, answer = self.replace(path, value)
                self.assertEqual(code, 200, answer.get("message"))
        self.assertEqual(self.replace("managedBy", "example.com/other")[0], 422)

    def test_what_trains_is_immutable_once_the_job_has_started_also_while_it_is_suspended(self):
        self.start()
        for suspended in (False, True):
            self.assertEqual(self.replace("suspend", suspended)[0], 200)
            for path, value in self.CHANGES.items():
                with self.subTest(path, suspended=suspended):
                    code, answer = self.replace(path, value)
                    self.assertEqual(code, 422, path)
                    self.assertIn("immutable", answer["message"])
        code, answer = self.patch([{"op": "remove", "path": "/spec/populations/1"}])
        self.assertEqual(code, 422)

    def test_templates_change_only_while_the_job_is_suspended(self):
        self.start()
        for path, value in self.TEMPLATES.items():
            with self.subTest(path):
                code, answer = self.replace(path, value)
                self.assertEqual(code, 422, path)
                self.assertIn("while it is suspended", answer["message"])
        for path, value in self.TEMPLATES.items():
            with self.subTest(path, suspended=True):
                self.assertEqual(self.replace("suspend", True)[0], 200)
                code, answer = self.replace(path, value)
                self.assertEqual(code, 200, answer.get("message"))
                self.assertEqual(self.replace("suspend", False)[0], 200)

    def test_a_queue_may_place_pods_and_resume_the_job_in_one_change(self):
        self.start()
        self.assertEqual(self.replace("suspend", True)[0], 200)
        code, answer = self.patch([{"op": "add", "path": "/spec/template/spec/nodeSelector", "value": {"pool": "a"}},
                                   {"op": "replace", "path": "/spec/suspend", "value": False}])
        self.assertEqual(code, 200, answer.get("message"))

    def test_suspension_and_run_policy_can_always_change(self):
        self.start()
        for path, value in (("suspend", True), ("runPolicy/backoffLimit", 3), ("runPolicy/successPolicy/type", "Any"), ("replicas", 0),
                            ("suspend", False), ("replicas", 1)):
            with self.subTest(path):
                code, answer = self.replace(path, value)
                self.assertEqual(code, 200, answer.get("message"))

    def test_the_largest_job_can_still_be_changed_within_the_cost_that_rules_may_have(self):
        largest = copy.deepcopy(jobs.SHORTEST)
        largest["metadata"]["name"] = "largest"
        largest["spec"]["trainer"]["dataset"]["path"] = "/" + "a" * 1023
        schedule = "s" * 1020 + ".csv"
        largest["spec"]["populations"] = [
            {"name": f"{i:02}" + "p" * 40, "algorithm": {"name": "Fixed", "schedule": schedule}, "members": 64,
             "template": {"spec": {"nodeSelector": {"gpu": "a" * 4096}}}} for i in range(64)]
        code, answer = PROXY.request("POST", JOBS, largest)
        self.assertEqual(code, 201, answer.get("message"))
        self.addCleanup(PROXY.request, "DELETE", f"{JOBS}/largest")
        self.name = "largest"
        self.start()
        for path, value in (("suspend", True), ("populations/63/template/spec/priority", 1), ("suspend", False), ("runPolicy/backoffLimit", 1)):
            code, answer = self.replace(path, value)
            self.assertEqual(code, 200, answer.get("message"))
        self.assertEqual(self.replace("populations/63/members", 63)[0], 422)

    def test_applying_the_same_file_again_changes_nothing(self):
        self.start()
        before = PROXY.request("GET", f"{JOBS}/{self.name}")[1]
        spec = {key: before[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": self.name}}
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(spec))
        after = PROXY.request("GET", f"{JOBS}/{self.name}")[1]
        self.assertEqual(after["metadata"]["generation"], before["metadata"]["generation"])
        self.assertEqual(after["spec"], before["spec"])

    def test_scale_shows_the_job_as_one_replica_and_takes_its_pods_away(self):
        status = {"status": {"replicas": 1, "selector": "eoa.io/job-uid=1"}}
        self.assertEqual(PROXY.request("PATCH", f"{JOBS}/{self.name}/status", status, "application/merge-patch+json")[0], 200)
        code, scale = PROXY.request("GET", f"{JOBS}/{self.name}/scale")
        self.assertEqual((code, scale["spec"], scale["status"]), (200, {"replicas": 1}, {"replicas": 1, "selector": "eoa.io/job-uid=1"}))
        kubectl("scale", "eoajob", self.name, "--replicas=0")
        self.assertEqual(PROXY.request("GET", f"{JOBS}/{self.name}")[1]["spec"]["replicas"], 0)
        self.assertNotEqual(kubectl("scale", "eoajob", self.name, "--replicas=3", check=False).returncode, 0)


class Shown(unittest.TestCase):
    """What people see."""

    @classmethod
    def setUpClass(cls):
        job = copy.deepcopy(jobs.SHORTEST)
        job["metadata"]["name"] = "shown"
        PROXY.request("POST", JOBS, job)
        cls.status = json.loads((SOURCE / "tests/data/jobs/status.json").read_text())
        cls.addClassCleanup(PROXY.request, "DELETE", f"{JOBS}/shown")

    def put_status(self, status):
        job = PROXY.request("GET", f"{JOBS}/shown")[1]
        code, answer = PROXY.request("PUT", f"{JOBS}/shown/status?fieldValidation=Strict", {**job, "status": status})
        self.assertEqual(code, 200, answer.get("message"))
        return answer["status"]

    def test_a_status_comes_back_as_it_was_written(self):
        # A unit test keeps these files equal to what the operator writes with all of its values, and with none.
        for name in ("status.json", "status-empty.json"):
            with self.subTest(name):
                status = json.loads((SOURCE / "tests/data/jobs" / name).read_text())
                self.assertEqual(self.put_status(status), status)
                applied = {"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "shown"}, "status": status}
                code, answer = PROXY.request("PATCH", f"{JOBS}/shown/status?fieldManager=test&force=true&fieldValidation=Strict", applied,
                                             "application/apply-patch+yaml")
                self.assertEqual((code, answer.get("status")), (200, status), answer.get("message"))

    def test_a_status_is_written_by_its_subresource_only(self):
        self.put_status(self.status)
        code, _ = PROXY.request("PATCH", f"{JOBS}/shown", {"status": {"phase": "Failed"}}, "application/merge-patch+json")
        self.assertEqual(code, 200)
        self.assertEqual(PROXY.request("GET", f"{JOBS}/shown")[1]["status"], self.status)

    def test_columns_tell_how_the_job_does(self):
        self.put_status(self.status)
        header, row = kubectl("get", "eoa", "shown").splitlines()
        self.assertEqual(header.split(), ["NAME", "PHASE", "PROGRESS", "BEST", "FITNESS", "RESTARTS", "AGE"])
        self.assertEqual(row.split()[:6], ["shown", "Running", "28", "wolves", "0.9412", "3"])

    def test_jobs_are_among_all_things_of_a_namespace(self):
        self.assertIn("eoajob.eoa.io/shown", kubectl("get", "all"))

    def test_every_field_explains_itself(self):
        def visit(schema, path):
            for name, field in schema.get("properties", {}).items():
                inner = f"{path}.{name}"
                if inner not in (".metadata", ".metadata.name", ".spec.template.metadata", ".spec.template.spec") and "template." not in inner:
                    self.assertTrue(field.get("description"), inner)
                visit(field, inner)
                visit(field.get("items", {}), inner + "[]")

        crd = json.loads(kubectl("get", "crd", "eoajobs.eoa.io", "-o", "json"))
        visit(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "")
        told = kubectl("explain", "eoajob.spec.populations.algorithm.stepScale")
        self.assertIn("Cosine or a number", told)
        self.assertIn("docs/algorithm.md", kubectl("explain", "eoajob.spec.populations.algorithm"))


if __name__ == "__main__":
    unittest.main()
