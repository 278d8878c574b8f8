"""step.py BUILD_DIR [--rounds N] [--seconds S] [--models M,..] [--optimizers O,..] [--threads T,..]: training
steps of ours and of PyTorch in turn, A B A B, in processes that stay alive, so that a noisy machine is noisy for
all. Prints JSON: images/s and, round by round, the ratio of ours to PyTorch's; median, least and greatest."""

import argparse
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys

# Vision Transformers see 224 x 224 pixels, the others 32 x 32.
BATCHES = {"vit-ti-16": 16, "vit-b-16": 4}
BATCH = 128
TORCH = pathlib.Path(__file__).with_name("torch_steps.py")


# What KeepFreedMemory() of the worker sets, for PyTorch: not its default, but a user may set it too.
KEEP_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1000000000000:glibc.malloc.top_pad=67108864"}


class Side:
    """A process that does training steps, and waits without using its core in between."""

    def __init__(self, command, threads, environment=None):
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"} | (environment or {})
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)

    def seconds(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])

    def peak_mebibytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def spread(values, digits):
    return {"median": round(statistics.median(values), digits), "least": round(min(values), digits),
            "greatest": round(max(values), digits)}


def compare(options, model, optimizer, threads):
    batch = BATCHES.get(model, BATCH)
    case = [f"model={model}", f"optimizer={optimizer}", f"batch={batch}", f"threads={threads}"]
    sides = {"ours": Side([options.build / "bin" / "bench_step", *case], threads)}
    for layout in ("channels_last", "contiguous"):
        sides[f"torch_{layout}"] = Side([sys.executable, TORCH, *case, f"layout={layout}"], threads)
    sides["torch_channels_last_memory_kept"] = Side([sys.executable, TORCH, *case, "layout=channels_last"], threads, KEEP_MEMORY)
    for side in sides.values():
        side.seconds(1)  # the first step of a process pays for its memory
    slowest = max(side.seconds(1) for side in sides.values())
    steps = max(1, round(options.seconds / slowest))
    speeds = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, side in sides.items():
            speeds[name].append(batch * steps / side.seconds(steps))
    peaks = {name: side.peak_mebibytes() for name, side in sides.items()}
    for side in sides.values():
        side.close()
    result = {"model": model, "optimizer": optimizer, "batch": batch, "threads": threads, "rounds": options.rounds}
    for name, values in speeds.items():
        result[f"{name}_images_per_second"] = spread(values, 1)
        result[f"{name}_peak_mebibytes"] = round(peaks[name], 1)
        if name != "ours":
            result[f"ratio_to_{name}"] = spread([mine / theirs for mine, theirs in zip(speeds["ours"], values)], 3)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="a release build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn")
    parser.add_argument("--models", default="wrn-10-1,wrn-16-4,vit-ti-16")
    parser.add_argument("--optimizers", default="sgd,asam")
    parser.add_argument("--threads", default="1,2")
    options = parser.parse_args()
    results = []
    for model, optimizer, threads in itertools.product(options.models.split(","), options.optimizers.split(","),
                                                       options.threads.split(",")):
        results.append(compare(options, model, optimizer, int(threads)))
        print(f"{model} {optimizer} {threads} threads: {results[-1]['ratio_to_torch_channels_last']['median']} x PyTorch",
              file=sys.stderr)
    json.dump({"bench": "training step on the CPU", "cores": os.cpu_count(), "results": results}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
