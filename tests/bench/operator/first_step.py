"""How long a job takes from `kubectl apply` to its first training step, beside the time a bare StatefulSet of the same image takes to be Ready,
and how many writes the operator makes for it. In turn, ROUNDS times; on the node of `make cluster-up` with the operator installed, or on
EOA_E2E_KUBECONFIG's cluster. Prints JSON."""

import json
import pathlib
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
import harness
import test_monitoring
from prometheus_server import get

ROUNDS = 4
QUIET_SECONDS = 20
PODS = 3  # of a population, as many as it has members


def bare(name):
    """The two populations' StatefulSets, without EOA: the same image, as many pods, nothing to do."""
    def stateful_set(population):
        labels = {"bench": f"{name}-{population}"}
        return {
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": f"{name}-{population}"},
            "spec": {
                "replicas": PODS, "podManagementPolicy": "Parallel", "selector": {"matchLabels": labels}, "serviceName": name,
                "template": {"metadata": {"labels": labels}, "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [{
                        "name": "trainer", "image": "eoa-trainer:0.1.0", "command": ["sleep", "600"],
                        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}},
            },
        }
    return {"apiVersion": "v1", "kind": "List", "items": [stateful_set("wolves"), stateful_set("whales")]}


class Bench(harness.Case):
    def runTest(self):
        proxy = test_monitoring.ApiServerProxy()
        self.addCleanup(proxy.close)
        leader = harness.operator("get", "pods", "-l", "eoa.io/leader=true", "-o", "name").strip().removeprefix("pod/")
        operator = proxy.pod(harness.OPERATOR_NAMESPACE, leader, 8081) + "/metrics"

        def writes():
            return {what: float(count) for what, count in re.findall(r'^eoa_reconcile_writes_total\{object="(\w+)"\} (\S+)$', get(operator), re.MULTILINE)}

        def more(before, after):
            return {what: after[what] - before.get(what, 0) for what in after}

        def pods_ready(selector, count):
            pods = self.get("pods", selector=selector)
            return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", [])) for pod in pods) == count

        def steps(name):
            pods = [pod for pod in self.get("pods", selector=f"eoa.io/job={name}") if pod["status"]["phase"] == "Running"]
            for pod in pods:
                try:
                    found = re.findall(r"^eoa_trainer_steps_total\{.*\} (\S+)$", get(proxy.pod(self.namespace, pod["metadata"]["name"], 9400) + "/metrics"),
                                       re.MULTILINE)
                except OSError:
                    continue
                if any(float(count) > 0 for count in found):
                    return True
            return False

        bare_seconds, job_seconds, job_writes, quiet_writes = [], [], [], []
        for turn in range(ROUNDS):
            name = f"bare{turn}"
            start = time.monotonic()
            self.kubectl("apply", "-f", "-", stdin=json.dumps(bare(name)))
            harness.wait_until("bare pods", 120, lambda: pods_ready(f"bench in ({name}-wolves,{name}-whales)", 2 * PODS))
            bare_seconds.append(time.monotonic() - start)
            self.kubectl("delete", "statefulset", f"{name}-wolves", f"{name}-whales")

            name = f"job{turn}"
            # A generation that lasts: after Running nothing changes in the status.
            job = harness.small_job(name, generations=2, generationSteps=100000)
            for population in job["spec"]["populations"]:
                population["membersPerPod"] = population["members"] // PODS
            before = writes()
            start = time.monotonic()
            self.apply(job)
            harness.wait_until("a step", 120, lambda: steps(name))
            job_seconds.append(time.monotonic() - start)
            self.wait_for(name, "Running")
            time.sleep(2)
            running = writes()
            job_writes.append(more(before, running))
            time.sleep(QUIET_SECONDS)
            quiet_writes.append(sum(more(running, writes()).values()))
            self.kubectl("delete", "eoajob", name, "--timeout=60s", timeout=90)
            harness.wait_until("pods gone", 60, lambda: not self.get("pods"))
        more_seconds = [job - base for job, base in zip(job_seconds, bare_seconds)]

        def spread(values):
            return {"median": round(statistics.median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}
        print(json.dumps({
            "bare_stateful_sets_ready_seconds": spread(bare_seconds), "job_first_step_seconds": spread(job_seconds), "more_seconds": spread(more_seconds),
            "writes_until_running": job_writes, f"writes_in_{QUIET_SECONDS}_seconds_of_training": quiet_writes}))


if __name__ == "__main__":
    import unittest
    result = unittest.TextTestRunner().run(Bench())
    sys.exit(not result.wasSuccessful())
