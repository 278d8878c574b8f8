"""kills.py BIN_DIR [--kills N] [--seed S]: kills -9 a worker, an agent or `eoa run` itself, or stops a worker (SIGSTOP), at random moments of a real training job, again
and again; a killed `eoa run` is started again by the same command, sometimes after the newest checkpoint was cut at a random byte. Each run must end well, with the same schedule.csv and weights, byte by
byte, as one that nobody disturbed: so nothing was lost but work, and nothing was made up. Prints JSON; exits with 1 when anything failed."""

import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SUBSET = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "samples" / "data" / "cifar10-subset"
GENERATIONS = 10
JOB = {
    "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "chaos"},
    "spec": {
        "seed": 11,
        "trainer": {"model": {"name": "wrn-10-1"}, "batchSizePerMember": 16, "optimizer": {"name": "sgd", "momentum": 0.9},
                    "dataset": {"name": "webdataset", "path": str(SUBSET), "augmentation": "cifar"}},
        "ecosphere": {"generations": GENERATIONS, "generationSteps": 12, "fitnessSamples": 64, "exchange": {"deadlineSeconds": 300}},
        "populations": [{"name": "wolves", "algorithm": {"name": "GreyWolf"}, "members": 3},
                        {"name": "whales", "algorithm": {"name": "Whale"}, "members": 2}],
        "runPolicy": {"backoffLimit": 1000, "maxPopulationRestarts": 1000, "progressDeadlineSeconds": 5},
    },
}
LIMIT = 180  # seconds that a run may take, with all that happens to it
MARK = "EOA_CHAOS_RUN"


def processes(mark):
    """Ids and names of the processes of one run: all inherit a variable of its first one."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                state = (folder / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
                if state != "Z":
                    found.append((int(folder.name), pathlib.Path(os.readlink(folder / "exe")).name))
        except OSError:
            continue
    return found


def shared_memory():
    return {path.name for path in pathlib.Path("/dev/shm").iterdir()}


class Run:
    def __init__(self, programs, folder, name):
        self.command = [programs / "eoa", "run", folder / "job.json", "--output", folder / name, "--heartbeat-seconds", "0.2"]
        self.output = folder / name
        self.mark = f"{os.getpid()}-{name}"
        self.log = open(folder / f"{name}.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen([str(part) for part in self.command], stdout=self.log, stderr=self.log,
                                        env=os.environ | {MARK: self.mark, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"})

    def pids(self, program):
        return [pid for pid, name in processes(self.mark) if name == program]

    def wait(self, limit):
        code = self.process.wait(timeout=limit)
        assert code == 0, f"eoa run ended with {code}"

    def result(self):
        """What must be the same whatever happened on the way."""
        result = json.loads((self.output / "result.json").read_text(encoding="utf-8"))
        assert result["outcome"] == "Succeeded", result
        return {"schedule": (self.output / "schedule.csv").read_text(encoding="utf-8"), "testAccuracy": result["testAccuracy"],
                "weights": weights_of(self.output / "model.safetensors")}


def weights_of(path):
    """The arrays' bytes; the header names the run."""
    data = path.read_bytes()
    return hashlib.sha256(data[8 + int.from_bytes(data[:8], "little"):]).hexdigest()


def wait_until(condition, limit, what):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit} s: {what}"
        time.sleep(0.005)


def disturb(run, chance, length, kinds):
    """Kills once, at a random moment; returns what, or None when the run had ended before."""
    kind = chance.choice(kinds)
    program = {"worker": "eoa-trainer-worker", "hung": "eoa-trainer-worker", "agent": "eoa-trainer", "eoa": "eoa", "torn": "eoa"}[kind]
    time.sleep(chance.uniform(0, length))
    pids = run.pids(program)
    if run.process.poll() is not None:
        return None
    if not pids:
        return "missed"
    os.kill(chance.choice(pids), signal.SIGSTOP if kind == "hung" else signal.SIGKILL)
    if kind in ("eoa", "torn"):
        run.process.wait(timeout=30)
        wait_until(lambda: not processes(run.mark), 5, "the children of a killed `eoa run` are gone")
        if kind == "torn":
            tear(run, chance)
        run.start()
    return kind


def tear(run, chance):
    """Cuts the newest checkpoint of one pod at any byte, as a disk that lied about fsync does."""
    parts = [(int(re.search(r"checkpoint-(\d+)\.", path.name)[1]), path) for path in run.output.glob("pods/*/checkpoint-*.safetensors")]
    if not parts:
        return
    newest = max(generation for generation, _ in parts)
    victim = chance.choice(sorted(path for generation, path in parts if generation == newest))
    os.truncate(victim, chance.randrange(victim.stat().st_size))


def leftovers(run, shared_before):
    wait_until(lambda: not processes(run.mark), 5, "all processes have ended")
    temporary = [str(path) for path in run.output.rglob("*") if ".tmp" in path.name or path.name.endswith(".part")]
    assert not temporary, f"temporary files are left: {temporary}"
    assert not (run.output / "token").exists(), "the token is left"
    assert shared_memory() <= shared_before, "shared memory is left"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    parser.add_argument("--kinds", default="worker,hung,agent,eoa,torn")
    parser.add_argument("--keep", type=pathlib.Path, help="keep what a failed run left, here")
    options = parser.parse_args()
    programs = options.programs.resolve()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    counts, failures, lengths = dict.fromkeys(options.kinds.split(","), 0), [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "job.json").write_text(json.dumps(JOB), encoding="utf-8")
        quiet = Run(programs, folder, "quiet")
        begin = time.monotonic()
        quiet.wait(LIMIT)
        length = time.monotonic() - begin
        expected = quiet.result()
        number = given_up = 0
        while sum(counts.values()) < options.kills and len(failures) < 5:
            number += 1
            shared_before = shared_memory()
            run = Run(programs, folder, f"run-{number}")
            begin = time.monotonic()
            told = []
            try:
                while len(told) < 3 and sum(counts.values()) < options.kills:
                    kind = disturb(run, chance, length / 2, options.kinds.split(","))
                    if kind is None:
                        break
                    told.append(kind)
                    if kind in counts:
                        counts[kind] += 1
                run.wait(LIMIT)
                got = run.result()
                for part, value in expected.items():
                    assert got[part] == value, f"{part} differs from that of an undisturbed run"
                leftovers(run, shared_before)
                logs = [path.read_text(encoding="utf-8", errors="replace") for path in run.output.glob("logs/*.log")]
                given_up += sum(log.count("a checkpoint cannot be used") for log in logs)
            except (AssertionError, OSError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
                failures.append({"run": number, "kills": told, "error": f"{type(error).__name__}: {error}"})
                print(f"run {number} after {told}: {error}", file=sys.stderr, flush=True)
                if options.keep:
                    shutil.copytree(run.output, options.keep / f"run-{number}", dirs_exist_ok=True)
                    shutil.copy(folder / f"run-{number}.log", options.keep)
            finally:
                run.process.kill()
                run.process.wait(timeout=30)
            lengths.append(time.monotonic() - begin)
            print(f"run {number}: {told}, {lengths[-1]:.1f} s; {sum(counts.values())} kills", file=sys.stderr, flush=True)
            if run.output.exists():
                shutil.rmtree(run.output, ignore_errors=True)
    json.dump({"seed": options.seed, "kills": counts, "runs": number, "failures": failures, "checkpointsGivenUp": given_up, "quietSeconds": round(length, 1),
               "disturbedSeconds": {"median": round(statistics.median(lengths), 1), "greatest": round(max(lengths), 1)} if lengths else None},
              sys.stdout, indent=1)
    print()
    return 1 if failures or sum(counts.values()) < options.kills else 0


if __name__ == "__main__":
    sys.exit(main())
