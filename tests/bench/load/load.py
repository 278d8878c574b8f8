"""load.py BUILD_DIR [--model M] [--rounds N] [--threads T,..]: filling a network from a checkpoint of Google's layout beside reading the
same file from the page cache, in turn, and beside timm's loading of it. Prints JSON: seconds and, round by round, the ratios; the
memory that filling took on top of the network."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).parents[2] / "parity" / "model"))
import google_checkpoint
import timm
import torch

TIMM = {"vit-ti-16": "vit_tiny_patch16_224", "vit-b-16": "vit_base_patch16_224", "vit-l-16": "vit_large_patch16_224"}


def spread(values, digits):
    return {"median": round(statistics.median(values), digits), "least": round(min(values), digits), "greatest": round(max(values), digits)}


def timm_seconds(name, file, rounds, threads):
    torch.set_num_threads(threads)
    network = timm.create_model(TIMM[name], num_classes=1000)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        network.load_pretrained(str(file))
        seconds.append(time.perf_counter() - start)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--model", default="vit-b-16")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", default="1,2")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "checkpoint.npz"
        arrays = google_checkpoint.make(options.model, side=14, classes=1000, seed=1)
        google_checkpoint.save(file, arrays)
        largest = max(array.nbytes for array in arrays.values())
        for threads in options.threads.split(","):
            out = subprocess.run([options.build / "bin" / "bench_load", options.model, file, str(options.rounds), threads], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.splitlines()
            rounds = [tuple(map(float, line.split())) for line in out[1:-1]]  # the first round pays for its memory
            timm_takes = timm_seconds(options.model, file, 5, int(threads))
            ours = statistics.median(load for load, _ in rounds)
            results.append({"threads": int(threads), "load_seconds": spread([load for load, _ in rounds], 3),
                            "read_seconds": spread([read for _, read in rounds], 3), "ratio": spread([load / read for load, read in rounds], 2),
                            "timm_seconds": spread(timm_takes, 3), "times_faster_than_timm": round(statistics.median(timm_takes) / ours, 1),
                            "first_ratio": round(float(out[0].split()[0]) / rounds[0][1], 2), "extra_mebibytes": round(int(out[-1]) / 2**20, 1)})
        json.dump({"bench": "load", "model": options.model, "file_mebibytes": round(file.stat().st_size / 2**20, 1),
                   "largest_array_mebibytes": round(largest / 2**20, 1), "results": results}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
