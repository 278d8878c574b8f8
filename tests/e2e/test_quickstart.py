"""The issue's first promise: what the README types trains in real pods, and gives what one machine gives."""

import unittest

import harness


class Quickstart(harness.Case):
    def setUp(self):
        # As typed, so in the default namespace.
        self.namespace = "default"
        harness.kubectl("delete", "eoajob", "quickstart", "--ignore-not-found", "-n", "default", "--timeout=120s", timeout=150)
        self.addCleanup(harness.kubectl, "delete", "eoajob", "quickstart", "--ignore-not-found", "-n", "default", "--wait=false")

    def test_the_commands_of_the_readme_train_the_quickstart_to_the_schedule_of_one_machine(self):
        sample = harness.SAMPLES / "quickstart-cluster.yaml"
        self.kubectl("apply", "-f", sample)
        self.kubectl("wait", "--for=condition=Complete", "eoajob/quickstart", "--timeout=20m", timeout=1260)

        job = self.job("quickstart")
        status = job["status"]
        self.assertEqual(status["phase"], "Succeeded")
        self.assertEqual(status["progress"]["generation"], 12)
        self.assertEqual(status["progress"]["percent"], 100)
        self.assertEqual([row["restarts"] for row in status["populations"]], [0, 0])
        in_pods = self.schedule("quickstart")
        elected = [row for row in harness.rows(in_pods) if row["elected"] == "1"]
        self.assertEqual(len(elected), 12)
        self.assertEqual(elected[-1]["population"], status["elected"]["population"])
        self.assertAlmostEqual(float(elected[-1]["learning_rate"]), status["elected"]["learningRate"], places=6)

        # What a user sees.
        header, row = self.kubectl("get", "eoajobs").strip().splitlines()
        self.assertEqual(header.split(), ["NAME", "PHASE", "PROGRESS", "BEST", "FITNESS", "RESTARTS", "AGE"])
        self.assertEqual(row.split()[:2], ["quickstart", "Succeeded"])
        described = self.kubectl("describe", "eoajob", "quickstart")
        reasons = [reason for reason, _ in self.events("quickstart")]
        self.assertGreaterEqual(len(reasons), 2, "the events tell nothing")
        for reason in reasons:
            self.assertIn(reason, described)

        # The same job on this machine alone. Pods are gone by now, so both had the cores to themselves.
        alone = {key: job[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "quickstart"}}
        self.assertEqual(in_pods, harness.schedule_of_one_machine(alone))


if __name__ == "__main__":
    unittest.main(verbosity=2)
