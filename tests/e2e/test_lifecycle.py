"""The life of a job: accepted or refused, run, suspended, resumed, deleted."""

import json
import pathlib
import tempfile
import unittest

import harness


class Lifecycle(harness.Case):
    def test_a_job_runs_to_completion_with_the_schedule_of_one_machine(self):
        job = harness.small_job("small")
        self.apply(job)
        done = self.wait_for("small", "Complete")
        self.assertEqual(done["status"]["progress"]["generation"], 3)
        self.assertEqual(self.schedule("small"), harness.schedule_of_one_machine(job))

    def test_children_belong_to_their_job_and_go_with_it(self):
        self.apply(harness.small_job("gone", generations=200))
        self.wait_for("gone", "Running")
        job = self.job("gone")
        for child in ("service/gone", "configmap/gone-job", "statefulset/gone-wolves", "statefulset/gone-whales"):
            owner = self.get(*child.split("/"))["metadata"]["ownerReferences"][0]
            self.assertEqual((owner["kind"], owner["uid"], owner["controller"]), ("EOAJob", job["metadata"]["uid"], True), child)
        self.kubectl("delete", "eoajob", "gone", "--timeout=60s", timeout=90)

        def left():
            found = []
            for kind in ("statefulsets", "pods", "services", "configmaps", "persistentvolumeclaims", "controllerrevisions"):
                found += [f"{kind}/{item['metadata']['name']}" for item in self.get(kind)
                          if item["metadata"]["name"].startswith("gone")]
            return found
        harness.wait_until("nothing of the job is left", 90, lambda: not left())

    def test_suspend_takes_the_pods_away_and_resume_goes_on_where_the_job_was(self):
        self.apply(harness.small_job("paused", generations=30))
        before = self.wait_for_generation("paused", 2)["status"]["progress"]["generation"]
        self.kubectl("patch", "eoajob", "paused", "--type=merge", "-p", json.dumps({"spec": {"suspend": True}}))
        self.wait_for("paused", "Suspended", 60)
        harness.wait_until("no pods", 60, lambda: not self.get("pods"))
        self.assertEqual(self.job("paused")["status"]["phase"], "Suspended")
        # What an upgrade of the operator no longer wants must go: its fields are those of an apply, also the ones it created.
        fields = json.loads(self.kubectl("get", "statefulset", "paused-wolves", "-o", "json", "--show-managed-fields"))["metadata"]["managedFields"]
        self.assertEqual([entry["operation"] for entry in fields if entry["manager"] == "eoa-operator"], ["Apply"], fields)

        suspended = next(each for each in self.job("paused")["status"]["conditions"] if each["type"] == "Suspended")
        self.assertIn("training will begin again", suspended["message"], "its checkpoints were in the pods")
        self.kubectl("patch", "eoajob", "paused", "--type=merge", "-p", json.dumps({"spec": {"suspend": False}}))
        done = self.wait_for("paused", "Complete", 240)
        self.assertFalse(harness.is_true(done, "Suspended"))
        generations = sorted({int(row["generation"]) for row in harness.rows(self.schedule("paused"))})
        self.assertEqual(generations, list(range(30)), f"after a pause at generation {before}")

    def test_the_pod_that_alone_has_the_model_stays_until_it_is_fetched(self):
        self.apply(harness.small_job("fetched", generations=2))
        done = self.wait_for("fetched", "Complete")
        self.assertFalse(harness.is_true(done, "Durable"), "the cluster's default class makes no volumes")
        holder = f"fetched-{done['status']['elected']['population']}-0"
        harness.wait_until("one pod", 60, lambda: [pod["metadata"]["name"] for pod in self.get("pods")] == [holder])
        with tempfile.TemporaryDirectory() as folder:
            harness.run(harness.BIN / "eoa", "fetch", "fetched", f"{folder}/out", "-n", self.namespace)
            names = sorted(path.name for path in pathlib.Path(folder, "out").iterdir())
            self.assertEqual(names, ["job.json", "journal", "model.safetensors", "report.html", "result.json", "schedule.csv"])
            self.assertEqual(pathlib.Path(folder, "out/schedule.csv").read_text(), self.schedule("fetched"))
            self.assertGreater(pathlib.Path(folder, "out/model.safetensors").stat().st_size, 100_000)
        harness.wait_until("no pods", 60, lambda: not self.get("pods"))

    def test_claims_of_checkpoints_stay_or_go_as_the_job_says(self):
        for name, retain in (("kept", "Always"), ("dropped", "Never")):
            job = harness.small_job(name, generations=2)
            job["spec"]["checkpoint"] = {
                "volumeClaim": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Mi"}}}, "retain": retain,
            }
            self.apply(job)
            self.wait_for(name, "Complete")
            self.kubectl("delete", "eoajob", name, "--timeout=60s", timeout=90)

        def claims():
            return {claim["metadata"]["name"].removeprefix("checkpoints-").split("-")[0] for claim in self.get("persistentvolumeclaims")}
        harness.wait_until("only the kept job's claims", 60, lambda: claims() == {"kept"})

    def test_a_wrong_job_is_refused_by_the_api_server_with_the_field(self):
        def refused(change):
            job = harness.small_job("wrong")
            change(job["spec"])
            done = self.kubectl("apply", "-f", "-", stdin=json.dumps(job), check=False)
            self.assertNotEqual(done.returncode, 0, "accepted")
            return done.stderr

        def set_at(*path, value):
            def change(spec):
                for key in path[:-1]:
                    spec = spec[key]
                spec[path[-1]] = value
            return change

        self.assertIn("spec.ecosphere.generations", refused(set_at("ecosphere", "generations", value=0)))
        self.assertIn("spec.trainer.model.name", refused(set_at("trainer", "model", "name", value="wrn-11-4")))
        self.assertIn("spec.populations[0].algorithm.name",
                      refused(set_at("populations", 0, "algorithm", "name", value="GrayWolf")))
        self.assertIn("spec.populations", refused(set_at("populations", value=[])))
        self.assertIn("unknown field", refused(set_at("trainer", "epochs", value=3)))
        self.assertEqual(self.get("eoajobs"), [])

    def test_what_trains_cannot_be_changed_once_the_job_has_started(self):
        self.apply(harness.small_job("fixed", generations=200))
        self.wait_for("fixed", "Running")
        change = {"spec": {"trainer": {"batchSizePerMember": 16}}}
        done = self.kubectl("patch", "eoajob", "fixed", "--type=merge", "-p", json.dumps(change), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("immutable", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
