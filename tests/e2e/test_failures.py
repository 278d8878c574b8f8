"""What goes wrong in clusters: pods and the operator are killed, images and memory are missing. The job goes on, or says why not."""

import unittest

import harness


class Failures(harness.Case):
    def test_a_killed_trainer_pod_restarts_its_population_and_the_job_completes(self):
        self.apply(harness.small_job("killed", generations=20))
        self.wait_for_generation("killed", 2)
        self.kubectl("delete", "pod", "killed-wolves-0", "--grace-period=0", "--force")
        done = self.wait_for("killed", "Complete", 240)
        restarts = {row["name"]: row["restarts"] for row in done["status"]["populations"]}
        self.assertGreaterEqual(restarts["wolves"], 1, restarts)
        generations = sorted({int(row["generation"]) for row in harness.rows(self.schedule("killed"))})
        self.assertEqual(generations, list(range(20)), "a generation is missing")

    def test_a_killed_operator_leaves_training_alone_and_its_successor_goes_on(self):
        self.apply(harness.small_job("orphan", generations=30))
        self.wait_for_generation("orphan", 2)
        pods = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.get("pods")}
        leaders = harness.operator("get", "pods", "-l", "eoa.io/leader=true", "-o", "name").split()
        self.assertEqual(len(leaders), 1, "one operator leads")
        harness.operator("delete", leaders[0], "--grace-period=0", "--force")
        done = self.wait_for("orphan", "Complete", 240)
        self.assertEqual([row["restarts"] for row in done["status"]["populations"]], [0, 0], "the operator's end cost an attempt")
        self.assertEqual([row["attempt"] for row in done["status"]["populations"]], [1, 1])
        left = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.get("pods")}
        self.assertLessEqual(left.items(), pods.items(), "pods were replaced")
        self.assertEqual(self.schedule("orphan"), harness.schedule_of_one_machine(harness.small_job("orphan", generations=30)))
        harness.operator("rollout", "status", f"deployment/{harness.OPERATOR}", "--timeout=90s", timeout=120)

    def test_an_image_that_cannot_be_pulled_is_named_in_the_status(self):
        job = harness.small_job("imageless")
        job["spec"]["template"]["spec"]["containers"][0]["image"] = "eoa-trainer:no-such-tag"
        self.apply(job)

        def told():
            messages = [entry["message"] for entry in self.job("imageless").get("status", {}).get("conditions", [])]
            return [message for message in messages if "eoa-trainer:no-such-tag" in message]
        self.assertRegex(harness.wait_until("the image in a condition", 60, told)[0], "(?i)image")
        self.assertIn("eoa-trainer:no-such-tag", " ".join(message for _, message in self.events("imageless")))

    def test_a_member_that_runs_out_of_memory_fails_the_job_with_that_reason(self):
        job = harness.small_job("hungry")
        job["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "96Mi"}}
        job["spec"]["runPolicy"] = {"backoffLimit": 1, "maxPopulationRestarts": 1}
        self.apply(job)
        failed = self.wait_for("hungry", "Failed", 180)
        self.assertRegex(harness.condition(failed, "Failed")["message"], "(?i)memory")
        self.assertEqual(failed["status"]["phase"], "Failed")

    def test_a_pod_no_node_can_hold_is_reported_with_the_scheduler_s_words(self):
        job = harness.small_job("huge")
        job["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1000"}}
        self.apply(job)

        def told():
            messages = [entry["message"] for entry in self.job("huge").get("status", {}).get("conditions", [])]
            return [message for message in messages if "cpu" in message]
        harness.wait_until("the scheduler's reason in a condition", 60, told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
