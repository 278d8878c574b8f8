"""memory_parity.py EOA BENCH_STEP: what `eoa validate` says of a member's memory against what training steps of real models take at
most on the CPU. What a process frees it keeps in part, in pieces of 64 MiB, and libraries differ from machine to machine: the
reckoning must be within a third of the truth, for each image as for the whole."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

EOA, BENCH_STEP = sys.argv[1:]
TOLERANCE = 1 / 3
# model, optimizer, activation checkpointing, image size, two sizes of a batch
CASES = [("wrn-16-2", "sgd", False, 32, 64, 256), ("wrn-16-2", "asam", False, 32, 64, 256), ("wrn-10-1", "sgd", False, 32, 256, 1024),
         ("resnet-18", "sgd", False, 32, 32, 96), ("vit-ti-16", "sgd", False, 224, 16, 48), ("vit-ti-16", "adamw", True, 224, 16, 64),
         ("vit-s-16", "sgd", True, 224, 8, 32)]


def measured(model, optimizer, recompute, batch):
    """Bytes of a process that has done two steps."""
    command = [BENCH_STEP, f"model={model}", f"optimizer={optimizer}", f"batch={batch}", f"checkpointing={int(recompute)}", "threads=2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write("2\n")
        process.stdin.flush()
        assert process.stdout.readline(), command
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
        process.stdin.close()
    return peak


def estimated(folder, model, optimizer, recompute, size, batch):
    dataset = {"name": "cifar10", "path": "/data", "augmentation": "vit" if size != 32 else "cifar"}
    trainer = {"model": {"name": model, "imageSize": size}, "dataset": dataset, "optimizer": {"name": optimizer},
               "batchSizePerMember": batch, "activationCheckpointing": recompute}
    population = {"name": "whales", "algorithm": {"name": "Whale"}, "members": 1}
    file = folder / "job.json"
    file.write_text(json.dumps({"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "memory"},
                                "spec": {"trainer": trainer, "populations": [population]}}), encoding="utf-8")
    text = subprocess.run([EOA, "validate", file], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"each member needs about ([0-9.e+]+) GiB", text)[1]) * 2**30


def main():
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for model, optimizer, recompute, size, small, large in CASES:
            low, high = measured(model, optimizer, recompute, small), measured(model, optimizer, recompute, large)
            said = estimated(folder, model, optimizer, recompute, size, large)
            many = 60 * large  # so that the digits that are printed are of images
            ratios = {"whole": said / high, "each image": estimated(folder, model, optimizer, recompute, size, many) / many / ((high - low) / (large - small))}
            print(f"{model} {optimizer}{' recomputed' if recompute else ''}: estimate / measured " +
                  ", ".join(f"{part} {ratio:.2f}" for part, ratio in ratios.items()))
            faults += [f"{model} {part}: {ratio:.2f}" for part, ratio in ratios.items() if not 1 - TOLERANCE <= ratio <= 1 / (1 - TOLERANCE)]
    assert not faults, faults


if __name__ == "__main__":
    main()
