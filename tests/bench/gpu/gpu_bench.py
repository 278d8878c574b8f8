"""gpu_bench.py BUILD_DIR [--seconds S] [--rounds N] [--only NAME,..] [--no-compile]: training steps on one GPU, ours and PyTorch's
in turn in processes that stay alive. Prints JSON: images/s, round by round the ratios of ours to each of PyTorch's, and the losses,
which show that both train. Nothing else should use the GPU."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
TORCH = HERE.parent / "step" / "torch_steps.py"

# name: what both sides do, and PyTorch's modes of compilation to compare with
CASES = {
    "wrn-16-8-asam": ({"model": "wrn-16-8", "optimizer": "asam", "batch": 128, "precision": "bf16"}, ["default", "reduce-overhead"]),
    "wrn-16-1-sgd": ({"model": "wrn-16-1", "optimizer": "sgd", "batch": 128, "precision": "bf16"}, ["reduce-overhead"]),
    "vit-b-16-128": ({"model": "vit-b-16", "optimizer": "sgd", "batch": 128, "precision": "bf16"}, ["default"]),
    "vit-b-16-512": ({"model": "vit-b-16", "optimizer": "sgd", "batch": 512, "precision": "bf16"}, []),
    "wrn-16-8-sgd-tf32": ({"model": "wrn-16-8", "optimizer": "sgd", "batch": 128, "precision": "tf32"}, []),
}


class Side:
    """A process that does training steps, and waits in between."""

    def __init__(self, command, arguments):
        self.command = [*map(str, command), *(f"{key}={value}" for key, value in arguments.items()), "device=Cuda", "threads=1"]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.command} ended with {self.process.wait()}")
        seconds, loss, peak = line.split()
        return float(seconds), float(loss), int(float(peak))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def spread(values, digits=3):
    return {"median": round(statistics.median(values), digits), "least": round(min(values), digits),
            "greatest": round(max(values), digits)}


def compare(options, name):
    case, modes = CASES[name]
    ours = options.build / "bin" / "bench_step"
    commands = {"ours": ([ours], {}), "ours_without_graphs": ([ours], {"graphs": 0}),
                "torch_eager": ([sys.executable, TORCH], {})}
    for mode in [] if options.no_compile else modes:
        commands[f"torch_compile_{mode}"] = ([sys.executable, TORCH], {"compile": mode})
    sides, warmup = {}, {}
    for side, (command, extra) in commands.items():
        start = time.perf_counter()
        sides[side] = Side(command, case | extra)
        first_loss = sides[side].run(8)[1]  # chooses algorithms, records, compiles
        warmup[side] = round(time.perf_counter() - start, 1)
        print(f"{name} {side}: ready after {warmup[side]} s, loss {first_loss:.3f}", file=sys.stderr, flush=True)
    speeds = {side: [] for side in sides}
    losses, peaks = {}, {}
    steps = {side: max(4, round(options.seconds / (process.run(8)[0] / 8))) for side, process in sides.items()}
    for _ in range(options.rounds):
        for side, process in sides.items():
            seconds, losses[side], peaks[side] = process.run(steps[side])
            speeds[side].append(case["batch"] * steps[side] / seconds)
    for process in sides.values():
        process.close()
    result = {"name": name, **case, "rounds": options.rounds, "images_per_second": {side: spread(values, 1) for side, values in speeds.items()},
              "ratio_of_ours": {side: spread([mine / theirs for mine, theirs in zip(speeds["ours"], values)])
                                for side, values in speeds.items() if side != "ours"},
              "peak_mebibytes": {side: round(peak / 2**20) for side, peak in peaks.items()}, "start_seconds": warmup}
    print(json.dumps({name: {side: value["median"] for side, value in result["images_per_second"].items()}}), file=sys.stderr, flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=0.7, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    for name in options.only.split(","):
        try:
            results.append(compare(options, name))
        except (RuntimeError, ValueError) as error:  # the others are still worth their time
            results.append({"name": name, "error": str(error)})
            print(f"{name}: {error}", file=sys.stderr, flush=True)
        if options.out:
            options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    json.dump({"bench": "training step on the GPU", "results": results}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
