"""What people watch: a real Prometheus scrapes the pods that the monitors of manifests/monitoring select, and every query of the dashboards
shows a job that trains."""

import json
import re
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import OPERATOR_NAMESPACE

sys.path.insert(0, str(harness.SOURCE / "tests/prometheus"))
from monitoring import MONITORING, dashboard_queries, documented, families
from prometheus_server import Prometheus, check_metrics, get


class ApiServerProxy:
    """kubectl proxy: the way to pods that works from outside of any cluster."""

    def __init__(self):
        self.process = subprocess.Popen([harness.KUBECTL, "proxy", "--port=0"], env=harness.ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        self.address = re.fullmatch(r"Starting to serve on (\S+)\n", self.process.stdout.readline()).group(1)

    def pod(self, namespace, name, port):
        return f"http://{self.address}/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy"

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()

    def targets(self, monitor):
        """The static_configs of what a monitor of manifests/monitoring selects: the port `metrics` of pods with its labels."""
        text = (MONITORING / monitor).read_text()
        labels = dict(re.findall(r"(\S+): (\S+)", re.search(r"    matchLabels:\n((?:      \S+: \S+\n)+)", text).group(1)))
        labels.pop("app.kubernetes.io/component", None)  # of the operator's Services, which have its pods' other labels
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = []
        for pod in json.loads(harness.kubectl("get", "pods", "--all-namespaces", "-l", selector, "-o", "json"))["items"]:
            name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
            for port in (port for container in pod["spec"]["containers"] for port in container.get("ports", [])):
                if port.get("name") == "metrics":
                    path = f"/api/v1/namespaces/{namespace}/pods/{name}:{port['containerPort']}/proxy/metrics"
                    found.append({"targets": [self.address],
                                  "labels": {"__metrics_path__": path, "namespace": namespace, "pod": name, "instance": name}})
        return found


class Monitoring(harness.Case):
    def setUp(self):
        super().setUp()
        self.proxy = ApiServerProxy()
        self.addCleanup(self.proxy.close)

    @staticmethod
    def six(values):
        return values if len(values) == 6 else None

    def test_a_running_job_is_seen_in_every_panel(self):
        self.apply(harness.small_job("ended", generations=1))
        job = harness.small_job("trains", generations=2000, exchange={"deadlineSeconds": 1})
        job["spec"]["runPolicy"] = {"maxPopulationRestarts": 100, "backoffLimit": 100}
        self.apply(job)
        self.wait_for("ended", "Complete")
        self.wait_for_generation("trains", 2)
        with tempfile.TemporaryDirectory() as folder:
            prometheus = Prometheus(folder, [
                {"job_name": "eoa-operator-metrics", "static_configs": self.proxy.targets("service-monitor.yaml")},
                {"job_name": "eoa-trainer", "static_configs": self.proxy.targets("pod-monitor.yaml")},
            ])
            self.addCleanup(prometheus.stop)
            series = f'{{job_namespace="{self.namespace}",job_name="trains"}}'
            harness.wait_until("Prometheus scrapes", 60, lambda: prometheus.query(f"eoa_population_attempt{series}"))

            # What the annotations tell of: a population restarts, and rounds close without it.
            def missed():
                for pod in range(3):
                    self.kubectl("delete", "pod", f"trains-wolves-{pod}", "--grace-period=0", "--force", check=False)
                return prometheus.without_data({"missed": f"eoa_exchange_missing_reports_total{series} > 0"}, 20) == {}
            harness.wait_until("a round without the population that restarts", 120, missed)
            queries = dashboard_queries({
                "eoa-populations": {"namespace": self.namespace, "job": "trains", "population": ".*"},
                "eoa-operator": {"namespace": OPERATOR_NAMESPACE, "job": "eoa-operator-metrics"},
            }, {"Test accuracy": "ended"})
            self.assertEqual(prometheus.without_data(queries, 90), {}, "no data")

            self.assertGreaterEqual(max(prometheus.query(f"eoa_job_generation{series}")), 2)
            rates = harness.wait_until("a learning rate for each member", 60, lambda: self.six(prometheus.query(f"eoa_trainer_learning_rate{series}")))
            self.assertTrue(all(0 < rate < 10 for rate in rates), rates)
            prometheus.stop()

    def test_pods_export_what_the_docs_tell_and_promtool_accepts_it(self):
        self.apply(harness.small_job("trains", generations=2000))
        self.wait_for_generation("trains", 2)
        leader = harness.operator("get", "pods", "-l", "eoa.io/leader=true", "-o", "name").strip().removeprefix("pod/")
        for section, url in (("The operator", self.proxy.pod(OPERATOR_NAMESPACE, leader, 8081)),
                             ("The trainers", self.proxy.pod(self.namespace, "trains-wolves-0", 9400))):
            text = get(url + "/metrics")
            with self.subTest(section):
                self.assertEqual(check_metrics(text), "")
                known = documented(section)
                for name, (kind, labels) in families(text).items():
                    self.assertIn(name, known)
                    self.assertEqual(kind, known[name][0], name)
                    self.assertLessEqual(labels, known[name][1], name)

    def test_a_deleted_job_leaves_no_series_behind(self):
        leader = harness.operator("get", "pods", "-l", "eoa.io/leader=true", "-o", "name").strip().removeprefix("pod/")
        url = self.proxy.pod(OPERATOR_NAMESPACE, leader, 8081) + "/metrics"
        series = f'job_namespace="{self.namespace}",job_name="brief"'
        self.apply(harness.small_job("brief", generations=200))
        harness.wait_until("the job's series", 60, lambda: series in get(url))
        self.kubectl("delete", "eoajob", "brief", "--timeout=60s", timeout=90)
        harness.wait_until("no series", 30, lambda: series not in get(url))


if __name__ == "__main__":
    unittest.main(verbosity=2)
