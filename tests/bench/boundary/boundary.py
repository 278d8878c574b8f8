"""Measures what an exchange costs: the time from a generation's last step to the next one's first, evaluation aside.

Runs `eoa run` on two jobs and reads the times that the populations' leaders log ("generation took"):
  quickstart  the sample with fewer generations; the exchange's share of a generation
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
FIELDS = re.compile(r"generation took generation=(\d+) trainSeconds=(\S+) judgeSeconds=(\S+) exchangeSeconds=(\S+)")

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
    """The times of every population and generation but the first, whose peers start at different times."""
    job_file = folder / "job.yaml"
    job_file.write_text(job)
    output = folder / "out"
    subprocess.run([build / "bin/eoa", "run", job_file, "--output", output], check=True, stdout=subprocess.DEVNULL,
                   timeout=900)
    rows = []
    for log in sorted((output / "logs").glob("*.log")):
        for line in log.read_text().splitlines():
            if match := FIELDS.search(line):
                generation, train, judge, exchange = (float(text) for text in match.groups())
                if generation > 0:
                    rows.append((train, judge, exchange))
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
            "exchangeShareOfGeneration": spread([row[2] / sum(row) for row in rows]),
            "exchangeSeconds": spread([row[2] for row in rows]),
            "generationSeconds": spread([sum(row) for row in rows]),
        }
    with tempfile.TemporaryDirectory() as name:
        rows = run(build, LARGE.format(data=SAMPLES / "data/cifar10-subset"), pathlib.Path(name))
        result["large"] = {"exchangeSeconds": spread([row[2] for row in rows])}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
