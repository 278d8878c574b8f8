"""gpu_run_test.py BUILD_DIR [--kills N]: what `make gpu-test` runs on a machine with a GPU, in a few minutes and without a word from
anybody: the GPU's unit tests, then whole jobs through `eoa run` on this GPU. Prints JSON; exits with 1 when anything failed."""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

SAMPLES = pathlib.Path(__file__).parents[2] / "manifests" / "samples"
JOB = """
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {{name: gpu}}
spec:
  seed: 7
  trainer:
    model: {{name: wrn-16-2}}
    dataset: {{name: webdataset, path: {data}, augmentation: cifar}}
    optimizer: {{name: {optimizer}, momentum: 0.9, nesterov: true}}
    batchSizePerMember: 32
    precision: bf16
    device: {{kind: Cuda, communication: {communication}, graphs: {graphs}}}
  ecosphere: {{generations: {generations}, generationEpochs: 2, baseLearningRate: 0.05}}
  populations:
  - {{name: wolves, algorithm: {{name: GreyWolf}}, members: 4}}
  - {{name: whales, algorithm: {{name: Whale}}, members: 4}}
  runPolicy: {{backoffLimit: 100, maxPopulationRestarts: 100, progressDeadlineSeconds: 60}}
"""


class Run:
    """One `eoa run` of JOB."""

    def __init__(self, build, folder, name, **fields):
        fields = {"optimizer": "sgd", "communication": "Auto", "graphs": "true", "generations": 6} | fields
        self.output = folder / name
        file = folder / f"{name}.yaml"
        file.write_text(JOB.format(data=SAMPLES / "data" / "cifar10-subset", **fields), encoding="utf-8")
        self.log = open(folder / f"{name}.log", "w+", encoding="utf-8")
        self.start = time.perf_counter()
        self.process = subprocess.Popen([build / "bin" / "eoa", "run", file, "--output", self.output], stdout=self.log, stderr=self.log)

    def workers(self):
        """Process ids, found from the parents' side: agents are children of `eoa run`, workers theirs."""
        def children(pid):
            try:
                text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
            except OSError:
                return []
            return [int(each) for each in text.split()]
        return [worker for agent in children(self.process.pid) for worker in children(agent)]

    def generations(self):
        schedule = self.output / "schedule.csv"
        lines = schedule.read_text(encoding="utf-8").splitlines()[1:] if schedule.exists() else []
        return len({line.split(",")[0] for line in lines})

    def wait(self, limit):
        self.process.wait(timeout=limit)
        result = json.loads((self.output / "result.json").read_text(encoding="utf-8"))
        logs = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (self.output / "logs").glob("*.log"))
        return result, logs, time.perf_counter() - self.start


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def trains(build, folder, name, by, **fields):
    result, logs, seconds = Run(build, folder, name, **fields).wait(300)
    check(result["outcome"] == "Succeeded", f"{result['outcome']}: {result['reason']}")
    check(f'by="{by}"' in logs or f"by={by}" in logs, f"members did not talk by {by}")
    check(result["testAccuracy"] > 0.3, f"test accuracy {result['testAccuracy']}; guessing gives 0.1")
    took = [float(value) for value in re.findall(r"exchangeSeconds=([0-9.e-]+)", logs)]
    return {"seconds": round(seconds, 1), "testAccuracy": result["testAccuracy"], "longestExchangeSeconds": max(took, default=None)}


def survives(build, folder, name, kills, seed):
    """Kills and stops workers in the middle of their steps; the job must end well, and nothing of a killed attempt may stay."""
    run = Run(build, folder, name, generations=4 + 2 * kills)
    chance = random.Random(seed)
    killed = []
    for number in range(kills):
        before = run.generations()
        deadline = time.monotonic() + 120
        while run.process.poll() is None and time.monotonic() < deadline and (run.generations() <= before or len(run.workers()) < 8):
            time.sleep(0.05)
        if run.process.poll() is not None:
            break
        time.sleep(chance.uniform(0, 1))
        workers = run.workers()
        if not workers:
            continue
        victim = chance.choice(workers)
        os.kill(victim, signal.SIGKILL)
        killed.append({"number": number, "generation": before})
    result, _, seconds = run.wait(420)
    check(result["outcome"] == "Succeeded", f"{result['outcome']}: {result['reason']}")
    check(len(killed) == kills, f"only {len(killed)} of {kills} kills")
    attempts = sum(population["attempts"] for population in result["populations"])
    check(attempts > 2, "a killed worker did not restart its population")
    return {"seconds": round(seconds, 1), "kills": len(killed), "attempts": attempts}


def unit_tests(build, folder):
    log = folder / "gpu_test.log"
    with open(log, "w", encoding="utf-8") as out:
        code = subprocess.run([build / "bin" / "gpu_test"], stdout=out, stderr=out, timeout=300, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    failed = re.findall(r"^\[  FAILED  \] (\S+) \(", text, re.MULTILINE)
    if code != 0:
        print(text[-6000:], file=sys.stderr)
    check(code == 0, f"exit code {code}; failed: {failed}")
    return {"passed": len(re.findall(r"^\[       OK \]", text, re.MULTILINE))}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100000)
    options = parser.parse_args()
    build = options.build.resolve()
    results, failed = {}, False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        memory = "the GPU's memory"
        for case, test in {
            "unit tests": lambda: unit_tests(build, folder),
            "over the GPU's memory": lambda: trains(build, folder, "memory", memory),
            "asam": lambda: trains(build, folder, "asam", memory, optimizer="asam"),
            "over Gloo": lambda: trains(build, folder, "gloo", "Gloo", communication="Gloo"),
            "without graphs": lambda: trains(build, folder, "plain", memory, graphs="false"),
            "kills": lambda: survives(build, folder, "kills", options.kills, options.seed),
        }.items():
            try:
                results[case] = test()
            except (AssertionError, OSError, subprocess.TimeoutExpired, KeyError, TypeError) as error:
                failed = True
                results[case] = {"failed": f"{type(error).__name__}: {error}"}
                for log in folder.glob("*.log"):
                    print(f"== {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-1500:]}", file=sys.stderr)
            print(case, results[case], file=sys.stderr, flush=True)
    gpu = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], capture_output=True, text=True, check=False)
    json.dump({"gpu": gpu.stdout.strip(), "seed": options.seed, "results": results}, sys.stdout, indent=1)
    print()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
