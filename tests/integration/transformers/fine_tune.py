"""Fine-tunes Vision Transformers from files of Google's layout, each through `eoa run`: fine_tune.py EOA MODEL...

A checkpoint for 224 pixels with 1000 random classes, the job's images in 4 x 4 patches: positions are resized, the head is new. Two
members of a Whale population train two generations of two steps. Says what each took."""

import csv
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "tests/parity/model"))
import google_checkpoint


def job(model, checkpoint, members):
    patch = google_checkpoint.SHAPES[model][4]
    return {
        "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "fine-tune"},
        "spec": {
            "trainer": {
                "model": {"name": model, "pretrained": str(checkpoint), "imageSize": 4 * patch, "dropout": 0.1},
                "dataset": {"name": "webdataset", "path": str(SOURCE / "manifests/samples/data/cifar10-subset"), "augmentation": "vit"},
                "optimizer": {"name": "sgd", "momentum": 0.9, "weightDecay": 0, "clipGradientNorm": 1},
                "batchSizePerMember": 2, "gradientAccumulation": 2, "activationCheckpointing": True,
            },
            "ecosphere": {"generations": 2, "generationSteps": 2, "baseLearningRate": 0.003, "fitnessSamples": 8},
            "populations": [{"name": "whales", "algorithm": {"name": "Whale"}, "members": members}],
            "checkpoint": {"keep": 1},
        },
    }


def fine_tune(eoa, model):
    side = 224 // google_checkpoint.SHAPES[model][4]
    members = 1 if model == "vit-h-14" else 2
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        google_checkpoint.save(folder / "checkpoint.npz", google_checkpoint.make(model, side, 1000, seed=3))
        (folder / "job.yaml").write_text(json.dumps(job(model, folder / "checkpoint.npz", members)))
        started = time.monotonic()
        done = subprocess.run([eoa, "run", "--output", folder / "out", folder / "job.yaml"], capture_output=True, text=True, timeout=900)
        took = time.monotonic() - started
        assert done.returncode == 0, f"{model}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        result = json.loads((folder / "out/result.json").read_text())
        with open(folder / "out/schedule.csv", encoding="utf-8") as opened:
            rows = list(csv.DictReader(opened))
        assert len(rows) == 2 * members and all(float(row["train_loss"]) > 0 for row in rows), rows
        weights = (folder / "out/model.safetensors").stat().st_size
    first = [float(row["train_loss"]) for row in rows if row["generation"] == "1"]
    # A head of zeros answers log 10 to the first batch.
    assert all(1.5 < loss < 3.5 for loss in first), first
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(json.dumps({
        "model": model, "million_parameters": round(weights / 4e6, 1), "members": members, "seconds": round(took, 1),
        "worker_peak_gib_at_most": round(peak, 2), "train_loss": [round(float(row["train_loss"]), 3) for row in rows],
        "outcome": result["outcome"]}), flush=True)


if __name__ == "__main__":
    for each in sys.argv[2:]:
        fine_tune(sys.argv[1], each)
