"""`eoa fetch` against a real API server, which passes requests on to a pod's address. No kubelet runs: the pod is an object with the address of
this machine, where `eoa-trainer serve` listens, and the test writes the pod's annotations where a downwardAPI volume would.
Run by tests/cluster/apiserver.sh run python3 fetch_test.py."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest
import zlib

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("EOA_BIN", SOURCE / "build/dev/bin"))
PIECE = 4 << 20
NAMESPACE = "results"
JOB = {
    "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "demo", "namespace": NAMESPACE},
    "spec": {
        "trainer": {"model": {"name": "wrn-10-1"}, "dataset": {"name": "cifar10", "path": "/data"}},
        "ecosphere": {"generations": 2},
        "populations": [{"name": "wolves", "algorithm": {"name": "Whale"}, "members": 2},
                        {"name": "whales", "algorithm": {"name": "Whale"}, "members": 1}],
        "runPolicy": {"successPolicy": {"type": "Any"}},
    },
}


def run(*command, stdin=None, check=True):
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done


def kubectl(*arguments, stdin=None):
    return run("kubectl", "--namespace", NAMESPACE, *arguments, stdin=stdin).stdout


def create(thing):
    return json.loads(kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(thing)))


def rounds():
    """The data of a ConfigMap of rounds (docs/file-formats.md): two generations, made of events that version 0.1 wrote."""
    stored = [json.loads(line) for line in (SOURCE / "tests/data/stored/events.jsonl").read_text().splitlines()]
    started = next(event for event in stored if event["type"] == "AttemptStarted")
    reports = [next(event for event in stored if event.get("population") == name and event["type"] == "ReportAccepted") for name in ("wolves", "whales")]
    closed = next(event for event in stored if event["type"] == "RoundClosed")
    finished = next(event for event in stored if event["type"] == "PopulationFinished")
    events = [started]
    for generation in range(2):
        for report in reports:
            events.append({**report, "report": {**report["report"], "attempt": 1, "generation": generation}})
        events.append({**closed, "decision": {**closed["decision"], "generation": generation}})
    for name in ("wolves", "whales"):
        events.append({**finished, "population": name, "result": {**finished["result"], "attempt": 1}})
    data, checksum = {"format": "1"}, 0
    for number, event in enumerate(events):
        text = json.dumps(event)
        checksum = zlib.crc32(text.encode(), checksum)
        data[f"e{number:010}"] = f"{checksum:08x} {text}"
    return data


def own_address():
    """An address that the API server passes requests on to: none of the loopback's."""
    return run("hostname", "-I").stdout.split()[0]


class Fetch(unittest.TestCase):
    def setUp(self):
        # Not the default one: the API server makes that a while after it is ready.
        kubectl("create", "namespace", NAMESPACE)
        kubectl("apply", "--server-side", "-f", SOURCE / "manifests/crd/eoajobs.yaml")
        kubectl("wait", "--for=condition=Established", "crd/eoajobs.eoa.io", "--timeout=30s")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "pod").mkdir()
        self.model = os.urandom(2 * PIECE + 1000)
        (self.folder / "pod/model.safetensors").write_bytes(self.model)
        (self.folder / "pod/evaluation.json").write_text('{"images": 3, "confusion": [[3]]}')
        self.make_job()
        self.make_pod()

    def make_job(self):
        uid = create(JOB)["metadata"]["uid"]
        condition = {"type": "Complete", "status": "True", "reason": "Succeeded", "message": "met", "lastTransitionTime": "2026-01-01T01:00:00Z"}
        status = {"phase": "Succeeded", "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T01:00:00Z", "conditions": [condition]}
        kubectl("patch", "eoajob", "demo", "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        create({"apiVersion": "v1", "kind": "ConfigMap", "data": rounds(),
                "metadata": {"name": "demo-rounds-0", "namespace": NAMESPACE, "ownerReferences": [
                    {"apiVersion": JOB["apiVersion"], "kind": "EOAJob", "name": "demo", "uid": uid, "controller": True}]}})

    def make_pod(self):
        address = own_address()
        with socket.socket() as free:
            free.bind((address, 0))
            port = free.getsockname()[1]
        trainer = {"name": "trainer", "image": "none", "ports": [{"name": "metrics", "containerPort": port}]}
        create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "demo-wolves-0", "namespace": NAMESPACE},
                "spec": {"containers": [trainer], "automountServiceAccountToken": False}})
        kubectl("patch", "pod", "demo-wolves-0", "--subresource=status", "--type=merge", "-p",
                json.dumps({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}))
        server = subprocess.Popen([BIN / "eoa-trainer", "serve", "--directory", self.folder / "pod", "--address", address, "--port", str(port),
                                   "--fetch-keys", self.folder / "annotations"])
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.over = threading.Event()
        kubelet = threading.Thread(target=self.write_annotations)
        self.addCleanup(kubelet.join)
        self.addCleanup(self.over.set)
        kubelet.start()

    def write_annotations(self):
        while not self.over.wait(0.2):
            pod = run("kubectl", "--namespace", NAMESPACE, "get", "pod", "demo-wolves-0", "-o", "json", check=False).stdout
            annotations = json.loads(pod or "{}").get("metadata", {}).get("annotations", {})
            text = "\n".join(f'{name}="{value}"' for name, value in annotations.items())
            (self.folder / "annotations.new").write_text(text)
            (self.folder / "annotations.new").rename(self.folder / "annotations")

    def test_makes_the_directory_and_tells_the_job(self):
        out = self.folder / "out"
        run(BIN / "eoa", "fetch", "demo", out, "-n", NAMESPACE)
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         ["job.json", "journal", "model.safetensors", "report.html", "result.json", "schedule.csv"])
        self.assertEqual((out / "model.safetensors").read_bytes(), self.model)
        result = json.loads((out / "result.json").read_text())
        self.assertEqual((result["outcome"], result["evaluation"], result["durationSeconds"]), ("Succeeded", {"images": 3, "confusion": [[3]]}, 3600))
        self.assertEqual(run(BIN / "eoa", "schedule", out).stdout, (out / "schedule.csv").read_text())
        run(BIN / "eoa", "report", out)
        job = json.loads(kubectl("get", "eoajob", "demo", "-o", "json"))
        self.assertIn("eoa.io/fetched", job["metadata"]["annotations"])
        pod = json.loads(kubectl("get", "pod", "demo-wolves-0", "-o", "json"))
        self.assertNotIn("eoa.io/fetch-key", pod["metadata"].get("annotations", {}))


if __name__ == "__main__":
    unittest.main(verbosity=2)
