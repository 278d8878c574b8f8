"""The chart on a real cluster, with the real helm: installs, runs a job, upgrades, and leaves nothing behind. What cluster.py had installed
is taken away before and installed again after."""

import json
import pathlib
import shutil
import unittest

import cluster
import harness
from harness import OPERATOR, OPERATOR_NAMESPACE, kubectl, wait_until

CHART = harness.SOURCE / "helm/eoa"
HELM = str(pathlib.Path(harness.setting("programs_dir")) / "helm") if harness.OWN_CLUSTER else shutil.which("helm") or "helm"
# They come and go by themselves.
PASSING = {"events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses", "bindings"}


def helm(*arguments, **options):
    return harness.run(HELM, *arguments, timeout=options.pop("timeout", 180), **options)


def everything():
    """All objects of the cluster but those that come and go, as kind/namespace/name."""
    kinds = [kind for kind in kubectl("api-resources", "--verbs=list", "-o", "name").split() if kind not in PASSING]
    lines = kubectl("get", ",".join(kinds), "--all-namespaces", "--ignore-not-found", "-o",
                    "jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{\"\\n\"}{end}", timeout=120)
    return set(lines.split())


def gone(what, *arguments):
    wait_until(f"{what} gone", 120, lambda: kubectl("get", *arguments, "--ignore-not-found", "-o", "name", check=False).stdout.strip() == "")


def setUpModule():
    kubectl("delete", "-k", harness.SOURCE / "manifests", "--ignore-not-found", timeout=240)
    gone("the operator's namespace", "namespace", OPERATOR_NAMESPACE)
    unittest.addModuleCleanup(cluster.install)


class Chart(harness.Case):
    def tearDown(self):
        helm("uninstall", "eoa", "--namespace", OPERATOR_NAMESPACE, "--ignore-not-found", "--wait", check=False)
        kubectl("delete", "crd", "eoajobs.eoa.io", "--ignore-not-found", timeout=150)
        kubectl("delete", "namespace", OPERATOR_NAMESPACE, "--ignore-not-found", timeout=150)

    def install(self, *flags):
        helm("install", "eoa", CHART, "--namespace", OPERATOR_NAMESPACE, "--wait", "--timeout", "150s", *flags)

    def test_installs_runs_a_job_upgrades_and_leaves_nothing_behind(self):
        before = everything()
        self.install("--create-namespace", "--set", "crds.keep=false")
        kubectl("wait", "--for=condition=Established", "crd/eoajobs.eoa.io", "--timeout=60s", timeout=90)
        self.apply(harness.small_job("charted", generations=2))
        self.wait_for("charted", "Complete")

        helm("upgrade", "eoa", CHART, "--namespace", OPERATOR_NAMESPACE, "--reset-then-reuse-values", "--wait", "--timeout", "150s",
             "--set", "operator.replicas=1,operator.podAnnotations.upgraded=yes")
        deployment = json.loads(kubectl("--namespace", OPERATOR_NAMESPACE, "get", "deployment", OPERATOR, "-o", "json"))
        self.assertEqual(deployment["spec"]["replicas"], 1)
        self.assertEqual(deployment["spec"]["template"]["metadata"]["annotations"]["upgraded"], "yes")
        self.assertTrue(harness.is_true(self.job("charted"), "Complete"), "an upgrade must leave jobs alone")

        helm("uninstall", "eoa", "--namespace", OPERATOR_NAMESPACE, "--wait")
        kubectl("delete", "namespace", OPERATOR_NAMESPACE, timeout=150)
        last = set()

        def left():
            last.clear()
            last.update(everything() - before)
            return not last
        try:
            wait_until("nothing left", 120, left)
        except harness.Failed:
            self.fail(f"left behind: {sorted(last)}")

    def test_keeps_jobs_unless_told_otherwise(self):
        self.install("--create-namespace")
        job = harness.small_job("kept")
        job["spec"]["suspend"] = True
        self.apply(job)
        helm("uninstall", "eoa", "--namespace", OPERATOR_NAMESPACE, "--wait")
        self.assertIsNotNone(self.get("eoajob", "kept"))
        # And takes them over again.
        self.install()
        self.assertIsNotNone(self.get("eoajob", "kept"))

    def test_runs_where_only_the_strictest_pods_may(self):
        kubectl("create", "namespace", OPERATOR_NAMESPACE)
        kubectl("label", "namespace", OPERATOR_NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        self.install()
        pods = json.loads(kubectl("--namespace", OPERATOR_NAMESPACE, "get", "pods", "-o", "json"))["items"]
        self.assertEqual(len([pod for pod in pods if pod["status"]["phase"] == "Running"]), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
