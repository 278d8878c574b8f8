"""What the operator exports is what docs/metrics.md says, what promtool accepts, and what dashboards and alerts ask for: a real Prometheus
scrapes a real MetricsServer (serve_samples) and a trainer's metrics as documented (trainer_samples.py).

EOA_SERVE_SAMPLES is the program; prometheus and promtool come from tests/cluster/prometheus.sh."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import trainer_samples

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "tests/prometheus"))
from monitoring import DASHBOARDS, MONITORING, dashboard_queries, documented, families, panels
from prometheus_server import Prometheus, check_metrics, get, programs_folder

# A dashboard's variables, and for panels that only make sense for another job, that job.
VARIABLES = {
    "eoa-populations": {"namespace": "research", "job": "quickstart", "population": ".*"},
    "eoa-operator": {"namespace": "eoa-system", "job": "eoa-operator-metrics"},
}
PANEL_JOB = {"Test accuracy": "done"}  # a job that trains has none yet

# What kubebuilder's dashboards for controller-runtime ask for.
SCOPE = '{job="eoa-operator-metrics", namespace="eoa-system"}'
RATE = SCOPE + "[5s]"
STOCK = [
    f"controller_runtime_active_workers{SCOPE}",
    f"sum(rate(controller_runtime_reconcile_total{RATE})) by (instance, pod)",
    f"sum(rate(controller_runtime_reconcile_errors_total{RATE})) by (instance, pod)",
    f"workqueue_depth{SCOPE}",
    f"sum(rate(workqueue_adds_total{RATE})) by (instance, name)",
    f"rate(workqueue_unfinished_work_seconds{RATE})",
    f"sum(rate(workqueue_retries_total{RATE})) by (instance, name)",
    f"rate(process_cpu_seconds_total{RATE}) * 100",
    f"process_resident_memory_bytes{SCOPE}",
] + [
    f"histogram_quantile({quantile}, sum(rate({name}_bucket{RATE})) by (instance, name, le))"
    for quantile in (0.5, 0.9, 0.99)
    for name in ("workqueue_queue_duration_seconds", "workqueue_work_duration_seconds", "controller_runtime_reconcile_time_seconds")
]


def setUpModule():
    global OPERATOR, TRAINER, PROMETHEUS, FOLDER
    folder = tempfile.TemporaryDirectory(prefix="eoa-metrics-")
    unittest.addModuleCleanup(folder.cleanup)
    FOLDER = pathlib.Path(folder.name)
    program = subprocess.Popen([os.environ["EOA_SERVE_SAMPLES"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        program.stdin.close()
        program.wait(20)
        program.stdout.close()

    unittest.addModuleCleanup(end)
    operator_port = int(program.stdout.readline())
    OPERATOR = f"http://127.0.0.1:{operator_port}"
    trainer = trainer_samples.Server()
    unittest.addModuleCleanup(trainer.close)
    TRAINER = f"http://127.0.0.1:{trainer.port}"
    PROMETHEUS = Prometheus(folder.name, [
        {"job_name": "eoa-operator-metrics", "static_configs": [
            {"targets": [f"127.0.0.1:{operator_port}"], "labels": {"namespace": "eoa-system", "pod": "eoa-operator-0"}}]},
        {"job_name": "eoa-trainer", "static_configs": [
            {"targets": [f"127.0.0.1:{trainer.port}"], "labels": {"namespace": "research", "pod": "quickstart-wolves-0"}}]},
    ])
    unittest.addModuleCleanup(PROMETHEUS.stop)


class Exported(unittest.TestCase):
    maxDiff = None

    def test_promtool_finds_no_fault_in_names_types_and_help(self):
        for url in (OPERATOR, TRAINER):
            self.assertEqual(check_metrics(get(url + "/metrics")), "")

    def test_docs_tell_every_metric_of_the_operator_with_type_and_labels(self):
        self.assertEqual(families(get(OPERATOR + "/metrics")), documented("The operator"))

    def test_docs_tell_every_metric_of_a_trainer_with_type_and_labels(self):
        self.assertEqual(families(get(TRAINER + "/metrics")), documented("The trainers"))

    def test_results_of_reconciles_are_there_before_they_happen(self):
        results = re.findall(r'controller_runtime_reconcile_total\{.*result="(\w+)"\}', get(OPERATOR + "/metrics"))
        self.assertEqual(sorted(results), ["error", "requeue", "requeue_after", "success"])


class Queries(unittest.TestCase):
    def assert_data(self, queries):
        self.assertEqual(PROMETHEUS.without_data(queries), {}, "no data")

    def test_every_query_of_the_dashboards_returns_data(self):
        queries = dashboard_queries(VARIABLES, PANEL_JOB)
        self.assertGreater(len(queries), 60)
        self.assert_data(queries)

    def test_dashboards_made_for_controller_runtime_find_their_data(self):
        self.assert_data({query: query for query in STOCK})

    def test_every_metric_that_alerts_ask_for_is_exported(self):
        exported = families(get(OPERATOR + "/metrics"))
        rules = (MONITORING / "prometheus-rule.yaml").read_text()
        asked = set(re.findall(r"\b((?:eoa|controller_runtime|workqueue|rest_client|leader_election)_[a-z_]+)\b(?=[{)\[ ])", rules))
        self.assertGreater(len(asked), 8)
        self.assertEqual(asked - exported.keys(), set())


class Dashboards(unittest.TestCase):
    def test_can_be_imported_anywhere(self):
        self.assertEqual([path.name for path in DASHBOARDS], ["eoa-operator.json", "eoa-populations.json"])
        for path in DASHBOARDS:
            board = json.loads(path.read_text())
            with self.subTest(path.name):
                self.assertGreaterEqual(board["schemaVersion"], 39)
                self.assertNotIn("id", board)  # the server's own number
                self.assertEqual(board["uid"], path.stem)
                names = [variable["name"] for variable in board["templating"]["list"]]
                self.assertEqual(names[0], "datasource")
                self.assertTrue({"namespace", "job"} <= set(names))
                for variable in re.findall(r"\$(?:\{(\w+)\}|(\w+))", json.dumps(board)):
                    self.assertIn("".join(variable), names + ["__rate_interval", "__all"])

    def test_every_panel_says_what_it_shows_in_which_unit_and_overlaps_no_other(self):
        for path in DASHBOARDS:
            board = json.loads(path.read_text())
            seen, taken = set(), set()
            for panel in panels(board):
                with self.subTest(path.name, panel=panel["title"]):
                    self.assertNotIn(panel["id"], seen)
                    seen.add(panel["id"])
                    place = panel["gridPos"]
                    self.assertLessEqual(place["x"] + place["w"], 24)
                    cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                    self.assertFalse(cells & taken)
                    taken |= cells
                    if panel["type"] == "row":
                        continue
                    self.assertTrue(panel["description"].endswith("."))
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    self.assertTrue(panel["targets"])
                    for target in panel["targets"]:
                        self.assertEqual(target["datasource"]["uid"], "${datasource}")


class Alerts(unittest.TestCase):
    def test_fire_when_they_should_and_only_then(self):
        rule = (MONITORING / "prometheus-rule.yaml").read_text()
        spec = rule.split("\nspec:\n")[1]
        (FOLDER / "rules.yaml").write_text(re.sub("^  ", "", spec, flags=re.MULTILINE))
        (FOLDER / "rules_test.yaml").write_text((pathlib.Path(__file__).parent / "rules_test.yaml").read_text())
        for what in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
            run = subprocess.run([programs_folder() / "promtool", *what], cwd=FOLDER, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_each_has_a_test_and_advice(self):
        alerts = set(re.findall(r"alert: (\w+)", (MONITORING / "prometheus-rule.yaml").read_text()))
        tested = set(re.findall(r"alertname: (\w+)", (pathlib.Path(__file__).parent / "rules_test.yaml").read_text()))
        self.assertEqual(tested, alerts)
        advised = set(re.findall(r"^\| `(Eoa\w+)` \|", (SOURCE / "docs" / "metrics.md").read_text(), re.MULTILINE))
        self.assertEqual(advised, alerts)


if __name__ == "__main__":
    unittest.main(verbosity=2)
