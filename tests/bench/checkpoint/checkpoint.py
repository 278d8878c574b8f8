"""checkpoint.py BUILD_DIR [--mebibytes N] [--rounds N] [--directory DIR]: writing a checkpoint beside `dd conv=fsync` of as many
bytes to the same disk, in turn. Prints JSON: MiB/s and, round by round, the ratio of ours to dd's."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--mebibytes", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path.cwd(), help="on the disk to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        folder = pathlib.Path(name)
        source = pathlib.Path("/dev/shm") / f"eoa-bench-{time.time_ns()}"
        try:
            # dd reads from memory, as a checkpoint is written from it.
            subprocess.run(["dd", "if=/dev/urandom", f"of={source}", "bs=1M", f"count={options.mebibytes}"], check=True, stderr=subprocess.DEVNULL)
            ours = subprocess.Popen([options.build / "bin" / "bench_checkpoint", folder, str(options.mebibytes)], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
            speeds = {"ours": [], "dd": []}
            for _ in range(options.rounds + 1):
                ours.stdin.write("\n")
                ours.stdin.flush()
                speeds["ours"].append(options.mebibytes / float(ours.stdout.readline()))
                start = time.perf_counter()
                subprocess.run(["dd", f"if={source}", f"of={folder / 'dd'}", "bs=1M", "conv=fsync"], check=True, stderr=subprocess.DEVNULL)
                speeds["dd"].append(options.mebibytes / (time.perf_counter() - start))
                (folder / "dd").unlink()
            ours.stdin.close()
            ours.wait(timeout=60)
        finally:
            source.unlink(missing_ok=True)
    speeds = {side: values[1:] for side, values in speeds.items()}
    ratios = [mine / theirs for mine, theirs in zip(speeds["ours"], speeds["dd"])]
    spread = lambda values, digits: {"median": round(statistics.median(values), digits), "least": round(min(values), digits), "greatest": round(max(values), digits)}
    json.dump({"bench": "checkpoint", "mebibytes": options.mebibytes, "rounds": options.rounds,
               "ours_mebibytes_per_second": spread(speeds["ours"], 0), "dd_mebibytes_per_second": spread(speeds["dd"], 0), "ratio": spread(ratios, 3)}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
