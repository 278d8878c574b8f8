"""restart.py BUILD_DIR [--kills N]: how long a population stands still when one of its workers is killed: from the kill until all its members
have done a step again. Prints JSON: seconds in all, and what of them was spent on reading the checkpoint."""

import argparse
import datetime
import json
import os
import pathlib
import random
import re
import signal
import statistics
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).parents[2] / "chaos"))
import kills

LINE = re.compile(r"(\S+) INFO worker (\w+)/(\d+): first step done .*loadSeconds=(\S+)")
LIMIT = 60


def first_steps(output, since):
    """By population and member: when it did its first step after `since`, and the seconds of reading its checkpoint."""
    found = {}
    for log in output.glob("logs/*.log"):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            match = LINE.match(line)
            if not match:
                continue
            at = datetime.datetime.fromisoformat(match[1].replace("Z", "+00:00")).timestamp()
            if at > since:
                found[(match[2], int(match[3]))] = (at, float(match[4]))
    return found


def population_of(pid):
    """The worker's agent has its job and population on its command line."""
    for part in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
        for population in kills.JOB["spec"]["populations"]:
            if population["name"].encode() in part:
                return population
    return None


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[1])


def spread(values):
    return {"median": round(statistics.median(values), 2), "least": round(min(values), 2), "greatest": round(max(values), 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    kills.JOB["spec"]["ecosphere"] |= {"generations": 10000, "generationSteps": 40}
    took, loads = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "job.json").write_text(json.dumps(kills.JOB), encoding="utf-8")
        run = kills.Run((options.build / "bin").resolve(), folder, "run")
        try:
            kills.wait_until(lambda: len(first_steps(run.output, 0)) == 5, LIMIT, "all members train")
            for _ in range(options.kills):
                time.sleep(chance.uniform(2, 6))
                victim = chance.choice(run.pids("eoa-trainer-worker"))
                population = population_of(parent(victim))
                members = {(population["name"], member) for member in range(population["members"])}
                killed = time.time()
                os.kill(victim, signal.SIGKILL)
                kills.wait_until(lambda: members <= first_steps(run.output, killed).keys(), LIMIT, "its population trains again")
                steps = [step for key, step in first_steps(run.output, killed).items() if key in members]
                took.append(max(at for at, _ in steps) - killed)
                loads.append(max(load for _, load in steps))
        finally:
            run.process.send_signal(signal.SIGINT)
            run.process.wait(timeout=LIMIT)
    json.dump({"bench": "restart", "kills": options.kills, "seconds_to_first_step": spread(took), "of_which_reading_the_checkpoint": spread(loads)},
              sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
