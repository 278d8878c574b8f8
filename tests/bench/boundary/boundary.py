"""Measures what an exchange costs: the time from a generation's last step to the next one's first, evaluation aside.

Counted over the whole ecosphere: from the moment at which the last of all members has been judged until the last of them has the next
generation's weights and LRs. Who is judged earlier waits for the others, which is no cost of the exchange.

Runs `eoa run` on two jobs and reads the times that all members log ("generation took"):
  quickstart  the sample with fewer generations; the exchange's share of a generation, and that of waiting for checkpoints
  large       two populations of four members of wrn-16-8 (11 M parameters), a single step in a generation; seconds

usage: boundary.py BUILD_DIR     prints JSON
"""

import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "manifests/samples"
FIELDS = re.compile(r"generation took generation=(\d+) member=\d+ judgedAt=(\S+) "
                    r"trainSeconds=(\S+) judgeSeconds=(\S+) exchangeSeconds=(\S+) checkpointSeconds=(\S+)")
MEMBERS = 8

LARGE = """
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {{name: large}}
spec:
  trainer:
    model: {{name: wrn-16-8}}
    dataset: {{name: webdataset, path: {data}, augmentation: none}}
    batchSizePerMember: 2
  ecosphere: {{generations: 8, generationSteps: 1, fitnessSamples: 4, baseLearningRate: 0.001}}
  populations:
  - {{name: wolves, algorithm: {{name: GreyWolf}}, members: 4}}
  - {{name: whales, algorithm: {{name: Whale}}, members: 4}}
  checkpoint: {{everyGenerations: 8, keep: 1}}
"""


def run(build, job, folder):
    """(seconds of the generation, of its exchange, of a member's waiting for checkpoints) for every generation but the first, whose peers start at different times."""
    job_file = folder / "job.yaml"
    job_file.write_text(job)
    output = folder / "out"
    subprocess.run([build / "bin/eoa", "run", job_file, "--output", output], check=True, stdout=subprocess.DEVNULL,
                   timeout=900)
    generations = {}
    for log in sorted((output / "logs").glob("*.log")):
        for line in log.read_text().splitlines():
            if match := FIELDS.search(line):
                generation, judged, train, judge, exchange, checkpoint = (float(text) for text in match.groups())
                generations.setdefault(int(generation), []).append((judged - judge - train, judged, judged + exchange, checkpoint))
    rows = []
    for generation, members in sorted(generations.items()):
        if len(members) != MEMBERS:
            raise SystemExit(f"generation {generation}: {len(members)} members have logged their times, not {MEMBERS}")
        began, judged, ended, checkpoint = (max(times) for times in zip(*members))
        if generation > 0:
            rows.append((ended - began, ended - judged, checkpoint))
    if not rows:
        raise SystemExit("no times in the logs")
    return rows


def spread(values):
    return {"min": round(min(values), 4), "median": round(statistics.median(values), 4), "max": round(max(values), 4)}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    result = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        quick = (SAMPLES / "quickstart.yaml").read_text()
        quick = re.sub(r"generations: \d+", "generations: 4", quick, count=1)
        quick = quick.replace("data/cifar10-subset", str(SAMPLES / "data/cifar10-subset"))
        rows = run(build, quick, folder)
        result["quickstart"] = {
            "exchangeShareOfGeneration": spread([exchange / whole for whole, exchange, _ in rows]),
            "checkpointWaitShareOfGeneration": spread([checkpoint / whole for whole, _, checkpoint in rows]),
            "exchangeSeconds": spread([exchange for _, exchange, _ in rows]),
            "generationSeconds": spread([whole for whole, _, _ in rows]),
        }
    with tempfile.TemporaryDirectory() as name:
        rows = run(build, LARGE.format(data=SAMPLES / "data/cifar10-subset"), pathlib.Path(name))
        result["large"] = {"exchangeSeconds": spread([exchange for _, exchange, _ in rows])}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
