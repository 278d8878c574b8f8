"""What the end-to-end tests share: kubectl with deadlines, a namespace for each test, jobs small enough for two cores, and the whole
story of a job when its test fails.

The cluster is this checkout's own node (tests/cluster), or any that EOA_E2E_KUBECONFIG names; cluster.py prepares either. Programs are
taken from EOA_BIN (the build's bin folder), kubectl from PATH or from the node's programs.
"""

import copy
import csv
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = SOURCE / "manifests/samples"
BIN = pathlib.Path(os.environ.get("EOA_BIN", SOURCE / "build/dev/bin"))
OPERATOR_NAMESPACE = "eoa-system"
OPERATOR = "eoa-operator"
DATA_IN_IMAGE = "/usr/share/eoa/data/cifar10-subset"


def setting(name):
    """A variable of tests/cluster/settings.sh."""
    script = f'. "{SOURCE}/tests/cluster/settings.sh" && printf %s "${name}"'
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout


OWN_CLUSTER = "EOA_E2E_KUBECONFIG" not in os.environ
KUBECONFIG = setting("kubeconfig") if OWN_CLUSTER else os.environ["EOA_E2E_KUBECONFIG"]
KUBECTL = (str(pathlib.Path(setting("programs_dir")) / "kubectl") if OWN_CLUSTER else shutil.which("kubectl")) or "kubectl"
ENVIRONMENT = {**os.environ, "KUBECONFIG": KUBECONFIG}


class Failed(AssertionError):
    """A command that should have succeeded did not, or a deadline passed."""


def run(*command, stdin=None, timeout=60, check=True, environment=None):
    """Runs a program with the cluster's KUBECONFIG; returns its standard output, or the CompletedProcess without `check`."""
    try:
        done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, timeout=timeout,
                              env=environment or ENVIRONMENT)
    except subprocess.TimeoutExpired as expired:
        raise Failed(f"{' '.join(map(str, command))}: no end after {timeout} s\n{expired.stdout}\n{expired.stderr}") from None
    if not check:
        return done
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def kubectl(*arguments, **options):
    return run(KUBECTL, *arguments, **options)


def operator(*arguments, **options):
    """kubectl in the operator's namespace."""
    return kubectl("--namespace", OPERATOR_NAMESPACE, *arguments, **options)


def wait_until(what, seconds, probe):
    """Calls `probe` until it returns something true, and returns that. What it returned or raised last is told when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        last = probe()
        if last:
            return last
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.3)


def condition(job, kind):
    """The condition of a job's status, or an empty dict."""
    return next((entry for entry in job.get("status", {}).get("conditions", []) if entry["type"] == kind), {})


def is_true(job, kind):
    return condition(job, kind).get("status") == "True"


def small_job(name, generations=3, members=3, **ecosphere):
    """Two populations that train a tiny network on a few of the images in the trainer's image, a second or so a generation."""
    return {
        "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": name},
        "spec": {
            "seed": 7,
            "trainer": {
                "model": {"name": "wrn-10-1"},
                "dataset": {"name": "webdataset", "path": DATA_IN_IMAGE, "augmentation": "cifar"},
                "optimizer": {"name": "sgd", "momentum": 0.9},
                "batchSizePerMember": 8,
            },
            "ecosphere": {
                "generations": generations, "generationSteps": 2, "baseLearningRate": 0.05, "fitnessSamples": 32, **ecosphere,
            },
            "populations": [
                {"name": "wolves", "algorithm": {"name": "GreyWolf"}, "members": members},
                {"name": "whales", "algorithm": {"name": "Whale"}, "members": members},
            ],
            "template": {"spec": {"terminationGracePeriodSeconds": 5, "containers": [{"name": "trainer"}]}},
        },
    }


def schedule_of_one_machine(job, timeout=900):
    """schedule.csv as `eoa run` writes it for the same job, with the images where this checkout has them."""
    job = copy.deepcopy(job)
    job["spec"]["trainer"]["dataset"]["path"] = str(SAMPLES / "data/cifar10-subset")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "job.yaml").write_text(json.dumps(job))
        run(BIN / "eoa", "run", folder / "job.yaml", "--output", folder / "out", timeout=timeout)
        return (folder / "out/schedule.csv").read_text()


def rows(schedule):
    return list(csv.DictReader(io.StringIO(schedule)))


class Case(unittest.TestCase):
    """A test with a namespace of its own, which is deleted afterwards. Deadlines are for two busy cores."""

    maxDiff = None

    def setUp(self):
        self.namespace = f"eoa-e2e-{uuid.uuid4().hex[:8]}"
        kubectl("create", "namespace", self.namespace)
        # As clusters for tenants have it: pods that ask for more than the restricted profile are refused.
        kubectl("label", "namespace", self.namespace, "pod-security.kubernetes.io/enforce=restricted")
        self.addCleanup(kubectl, "delete", "namespace", self.namespace, "--wait=false")
        wait_until("default ServiceAccount", 30,
                   lambda: self.kubectl("get", "serviceaccount", "default", check=False).returncode == 0)

    def _callTestMethod(self, method):
        try:
            return super()._callTestMethod(method)
        except unittest.SkipTest:
            raise
        except BaseException:
            print(self.story(), flush=True)
            raise

    def kubectl(self, *arguments, **options):
        return kubectl("--namespace", self.namespace, *arguments, **options)

    def get(self, kind, name=None, selector=None):
        """The object as a dict, None when there is none; with a selector, a list."""
        if name is None:
            return json.loads(self.kubectl("get", kind, "-o", "json", *(["-l", selector] if selector else [])))["items"]
        done = self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found")
        return json.loads(done) if done.strip() else None

    def apply(self, job):
        return self.kubectl("apply", "-f", "-", stdin=json.dumps(job))

    def job(self, name):
        found = self.get("eoajob", name)
        self.assertIsNotNone(found, f"no EOAJob {name}")
        return found

    def wait_for(self, name, kind, seconds=180):
        """Waits for a condition to be true; fails at once when the job ends otherwise. Returns the job."""
        def probe():
            job = self.job(name)
            for end in ("Complete", "Failed"):
                if end != kind and kind in ("Complete", "Failed", "Running") and is_true(job, end):
                    raise Failed(f"{name} is {end}, not {kind}: {condition(job, end).get('message')}")
            return job if is_true(job, kind) else None
        return wait_until(f"{name} {kind}", seconds, probe)

    def wait_for_generation(self, name, generation, seconds=120):
        def probe():
            job = self.job(name)
            for end in ("Complete", "Failed"):
                if is_true(job, end):
                    raise Failed(f"{name} is {end} before anything was done to it: {condition(job, end).get('message')}")
            return job if job.get("status", {}).get("progress", {}).get("generation", 0) >= generation else None
        return wait_until(f"{name} at generation {generation}", seconds, probe)

    def events(self, name=None):
        """Reasons of the events on a job, oldest first, with their messages."""
        found = [event for event in self.get("events")
                 if event["involvedObject"].get("kind") == "EOAJob" and name in (None, event["involvedObject"]["name"])]
        found.sort(key=lambda event: event.get("eventTime") or event.get("firstTimestamp") or "")
        return [(event["reason"], event["message"]) for event in found]

    def schedule(self, name):
        return run(BIN / "eoa", "schedule", name, "-n", self.namespace)

    def story(self):
        """All that helps to see why a test failed: jobs, pods, events, logs."""
        def tell(*arguments, own=True):
            done = (self.kubectl if own else kubectl)(*arguments, check=False)
            return f"--- kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"

        parts = [f"=== {self.id()} failed; namespace {self.namespace}", tell("get", "eoajobs", "-o", "yaml"),
                 tell("get", "all,pvc,configmaps"), tell("get", "events", "--sort-by=.lastTimestamp")]
        for pod in self.get("pods"):
            name = pod["metadata"]["name"]
            parts.append(tell("describe", "pod", name))
            parts.append(tell("logs", name, "--all-containers", "--tail=40"))
            if any(status.get("restartCount") for status in pod.get("status", {}).get("containerStatuses", [])):
                parts.append(tell("logs", name, "--all-containers", "--previous", "--tail=20"))
        parts.append(tell("--namespace", OPERATOR_NAMESPACE, "get", "pods", "-o", "wide", own=False))
        parts.append(tell("--namespace", OPERATOR_NAMESPACE, "logs", "--selector", f"app.kubernetes.io/name={OPERATOR}", "--tail=80",
                          "--prefix", own=False))
        died = pathlib.Path(KUBECONFIG).parent / "died"
        if OWN_CLUSTER and died.exists():
            parts.append("--- of the node's own components\n" + died.read_text())
        return re.sub(r"(certificate-authority-data|token): \S+", r"\1: ...", "\n".join(parts))
