"""What the operator costs and carries: operator.py BUILD_DIR (release). Prints JSON.

real: a real API server with etcd on this machine, unsynced. In turn, ROUNDS times: wrk creates the objects of jobs as fast as the server
  takes them, the operator brings as many waiting jobs to their children. Both are writes per second of the same server.
fake: the scripted API server, on the other core. The operator has one core (taskset), once with a backlog, once with jobs that come one by one.
size: start to ready, memory with ten jobs."""

import datetime
import json
import os
import pathlib
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(sys.argv[1]).resolve() / "bin"
ROUNDS = 4
RAW_SECONDS = 4
JOBS = 250
TOKEN = "bench"
TLS = ssl._create_unverified_context()  # the server is this run's own
SPEC = {
    "trainer": {"model": {"name": "wrn-10-1"}, "dataset": {"name": "cifar10", "path": "/data/cifar10"}},
    "ecosphere": {"generations": 10},
    "populations": [
        {"name": "wolves", "algorithm": {"name": "GreyWolf"}, "members": 4}, {"name": "whales", "algorithm": {"name": "Whale"}, "members": 4},
    ],
}


def job(name):
    return {"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": name, "namespace": "default"}, "spec": SPEC}


def http(method, url, body=None, timeout=30):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=timeout, context=TLS if url.startswith("https") else None) as answer:
        return answer.read().decode()


class Metrics:
    """The samples of one scrape."""

    def __init__(self, text):
        self.samples = [(name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value))
                        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE)]

    def sum(self, name, **labels):
        return sum(value for found, has, value in self.samples if found == name and all(has.get(key) in wanted for key, wanted in labels.items()))

    def quantile(self, name, quantile, before=None):
        """The upper bound of the bucket that holds the quantile of what came since `before`; inf beyond the last."""
        def buckets(metrics):
            found = {}
            for sample, labels, value in metrics.samples if metrics else []:
                if sample == name + "_bucket":
                    bound = float(labels["le"].replace("+Inf", "inf"))
                    found[bound] = found.get(bound, 0) + value
            return found
        old = buckets(before)
        new = {bound: value - old.get(bound, 0) for bound, value in buckets(self).items()}
        total = new.get(float("inf"), 0)
        return next((bound for bound in sorted(new) if total and new[bound] >= quantile * total), None)


class Operator:
    def __init__(self, kubeconfig, cores=None, *flags):
        self.log_file = tempfile.NamedTemporaryFile("a")
        self.log = open(self.log_file.name)  # with a position of its own
        command = [BIN / "eoa-operator", "--kubeconfig", kubeconfig, "--lease-namespace", "default", "--broker-listen", "127.0.0.1:0",
                   "--metrics-listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--trainer-image", "eoa-trainer:bench", *flags]
        if cores is not None:
            command = ["taskset", "--cpu-list", cores, *command]
        self.started = time.monotonic()
        self.process = subprocess.Popen([str(part) for part in command], stderr=self.log_file)
        ports = self.wait(r'"listening".*"metrics":"(\d+)","health":"(\d+)"')
        self.url = "http://127.0.0.1:" + ports.group(1)
        self.health_url = "http://127.0.0.1:" + ports.group(2)

    def wait(self, what, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            self.log.seek(0)
            found = re.search(what, self.log.read())
            if found:
                return found
            time.sleep(0.005)
        self.log.seek(0)
        raise SystemExit(f"the operator never said '{what}':\n{self.log.read()[-3000:]}")

    def metrics(self):
        return Metrics(http("GET", f"{self.url}/metrics"))

    def reconciled(self, jobs, seconds=180):
        """Waits until so many jobs have their children, of which the log tells: a scrape would take the operator's time. The seconds from the
        begin of its work to the last of them, and the metrics."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.log.seek(0)
            lines = [json.loads(line) for line in self.log
                     if line.endswith("\n") and ('"leading"' in line or '"job is Pending"' in line)]
            if len(lines) > jobs:
                times = [datetime.datetime.fromisoformat(line["time"]) for line in lines]
                time.sleep(1)
                return (times[-1] - times[0]).total_seconds(), self.metrics()
            time.sleep(0.2)
        raise SystemExit(f"not reconciled: {len(lines) - 1} of {jobs} jobs")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(40)
        self.log.close()
        self.log_file.close()


def rendered(folder):
    """The objects of one job into N.json and N.path, for wrk; returns how many."""
    (folder / "job.yaml").write_text(json.dumps(job("NAME".lower())))
    text = subprocess.run([BIN / "eoa", "render", folder / "job.yaml", "--json"], check=True, capture_output=True, text=True).stdout
    paths = {"Service": "/api/v1/namespaces/default/services", "ConfigMap": "/api/v1/namespaces/default/configmaps",
             "StatefulSet": "/apis/apps/v1/namespaces/default/statefulsets"}
    items = json.loads(text)["items"]
    for number, item in enumerate(items):
        item["metadata"]["name"] = "NAME" + item["metadata"]["name"].removeprefix("name")
        (folder / f"{number}.json").write_text(json.dumps(item))
        (folder / f"{number}.path").write_text(paths[item["kind"]])
    return len(items)


def raw_rate(server, folder, count, run, connections):
    environment = {**os.environ, "EOA_OBJECTS": str(folder), "EOA_COUNT": str(count), "EOA_TOKEN": TOKEN, "EOA_RUN": run}
    done = subprocess.run(["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{RAW_SECONDS}s", "--timeout", "10s",
                           "--script", pathlib.Path(__file__).parent / "raw_writes.lua", server], env=environment, capture_output=True, text=True)
    found = re.search(r"^\{.*\}$", done.stdout, re.MULTILINE)
    answer = json.loads(found.group()) if found else None
    if answer is None or answer["errors"] > answer["requests"] / 100:
        raise SystemExit(f"wrk: {done.stdout}{done.stderr}")
    return answer["requests"] / answer["seconds"]


def create_jobs(server, prefix, count, pace=0.0):
    url = f"{server}/apis/eoa.io/v1alpha1/namespaces/default/eoajobs"
    begin = time.monotonic()
    for number in range(count):
        http("POST", url, job(f"{prefix}-{number}"))
        if pace:
            time.sleep(max(0, begin + (number + 1) * pace - time.monotonic()))


def delete_jobs(server):
    http("DELETE", f"{server}/apis/eoa.io/v1alpha1/namespaces/default/eoajobs")


def spread(values):
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3), "max": round(max(values), 3)}


def real():
    """Runs inside of apiserver.sh, which has set KUBECONFIG."""
    given = pathlib.Path(os.environ["KUBECONFIG"]).read_text()
    server = re.search(r"https://[0-9.:]+", given).group()
    cluster = {"server": server, **dict(re.findall(r"(certificate-authority(?:-data)?): *([^\s,}]+)", given))}
    with tempfile.TemporaryDirectory() as folder:
        # The operator shows a token, as in a pod and as wrk does: a client certificate is verified anew with each request.
        kubeconfig = write_kubeconfig(folder, cluster, {"token": TOKEN})
        measure_real(server, kubeconfig)


def write_kubeconfig(folder, cluster, user):
    path = pathlib.Path(folder) / "kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "bench", "clusters": [{"name": "bench", "cluster": cluster}],
        "users": [{"name": "bench", "user": user}], "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}]}))
    return path


def measure_real(server, kubeconfig):
    subprocess.run(["kubectl", "apply", "--server-side", "-f", SOURCE / "manifests/crd/eoajobs.yaml"], check=True, stdout=sys.stderr)
    subprocess.run(["kubectl", "wait", "--for=condition=Established", "crd/eoajobs.eoa.io"], check=True, stdout=sys.stderr)
    create_jobs(server, "ten", 10)
    operator = Operator(kubeconfig, None)
    while True:
        try:
            http("GET", operator.health_url + "/readyz")
            break
        except OSError:
            time.sleep(0.005)
    ready = time.monotonic() - operator.started
    operator.reconciled(10)
    before = operator.metrics()
    time.sleep(20)
    after = operator.metrics()
    operator.stop()
    delete_jobs(server)

    raw, ours, per_job = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        count = rendered(folder)
        connections = max((8, 16, 32), key=lambda candidate: raw_rate(server, folder, count, f"warm{candidate}", candidate))
        for turn in range(ROUNDS):
            raw.append(raw_rate(server, folder, count, f"r{turn}", connections))
            create_jobs(server, f"job{turn}", JOBS)
            operator = Operator(kubeconfig, None)
            seconds, metrics = operator.reconciled(JOBS)
            # Children, statuses and events: all that the server had to write for it.
            writes = sum(metrics.sum("rest_client_requests_total", method=[method]) for method in ("POST", "PUT", "PATCH"))
            ours.append(writes / seconds)
            per_job.append(writes / JOBS)
            operator.stop()
            delete_jobs(server)

        print(json.dumps({
            "raw_writes_per_second": spread(raw), "wrk_connections": connections,
            "operator_writes_per_second": spread(ours),
            "operator_by_raw": spread([our / base for our, base in zip(ours, raw)]),
            "jobs_per_second": spread([our / writes for our, writes in zip(ours, per_job)]),
            "writes_per_job_until_children_are_there_with_events": spread(per_job),
            "writes_in_20_quiet_seconds": after.sum("eoa_reconcile_writes_total") - before.sum("eoa_reconcile_writes_total"),
            "start_to_ready_seconds": round(ready, 3),
            "resident_mib_with_10_jobs": round(after.sum("process_resident_memory_bytes") / 2**20, 1),
        }))


def fake():
    server = subprocess.Popen(["taskset", "--cpu-list", "1", BIN / "fake_api_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = write_kubeconfig(folder, {"server": url}, {})
        create_jobs(url, "backlog", JOBS)
        operator = Operator(kubeconfig, "0")
        cpu = operator.cpu_seconds()
        seconds, metrics = operator.reconciled(JOBS)
        cpu = operator.cpu_seconds() - cpu
        # One after the other, at a rate below what it can do.
        create_jobs(url, "paced", JOBS, 1 / 20)
        _, after = operator.reconciled(JOBS * 2)

        def mean(name):
            return (after.sum(name + "_sum") - metrics.sum(name + "_sum")) / (after.sum(name + "_count") - metrics.sum(name + "_count"))
        print(json.dumps({
            "backlog_jobs_per_second": round(JOBS / seconds, 1), "backlog_jobs_per_cpu_second": round(JOBS / cpu, 1),
            "paced_queue_wait_mean_seconds": round(mean("workqueue_queue_duration_seconds"), 5),
            "paced_reconcile_mean_seconds": round(mean("controller_runtime_reconcile_time_seconds"), 5),
            "paced_queue_wait_p99_seconds_at_most": after.quantile("workqueue_queue_duration_seconds", 0.99, metrics),
            "paced_reconcile_p99_seconds_at_most": after.quantile("controller_runtime_reconcile_time_seconds", 0.99, metrics),
            "paced_requests_p99_seconds_at_most": after.quantile("rest_client_request_duration_seconds", 0.99, metrics),
        }))
        operator.stop()
    server.stdin.close()
    server.wait(20)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"real": real, "fake": fake}[sys.argv[2]]()
    else:
        with tempfile.NamedTemporaryFile("w") as tokens:
            tokens.write(f"{TOKEN},bench,1,system:masters\n")
            tokens.flush()
            subprocess.run([SOURCE / "tests/cluster/apiserver.sh", "run", sys.executable, __file__, sys.argv[1], "real"], check=True,
                           env={**os.environ, "EOA_APISERVER_FLAGS": f"--token-auth-file={tokens.name}"})
        fake()
