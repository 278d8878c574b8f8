"""gpu_jobs.py BUILD_DIR [--device Cuda|Cpu] [--scale S] [--only NAME,..] [--out FILE]: whole jobs through `eoa run` on one GPU, beside
what they are compared with. Prints JSON.

  members       images/s of eight members with batch 128 beside one member with batch 1024
  boundary      the exchange's share of a CIFAR epoch: eight members of wrn-16-8 in two populations, checkpoints every generation
  augmentation  a CIFAR epoch with crops, flips and cutout beside one without
  jpeg          ViT-B_16's share of waiting for images from a folder of JPEGs of 500 x 375 pixels
  authors       eight members of wrn-16-8 with ASAM beside authors_way.py, epoch and evaluation included

--scale 0.01 makes data sets that much smaller, to try the program itself without a GPU (with --small)."""

import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
LINE = re.compile(r"generation took generation=(\d+) member=\d+ judgedAt=(\S+) trainSeconds=(\S+) judgeSeconds=(\S+) exchangeSeconds=(\S+) "
                  r"checkpointSeconds=(\S+) steps=(\d+) dataWaitSeconds=(\S+)")
RECORDS = 10000  # of a CIFAR-10 file


def cifar(folder):
    """CIFAR-10 in the official binary layout, of noise: speed does not look at images."""
    chance = random.Random(1)
    noise = chance.randbytes(1 << 20)
    for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
        with open(folder / name, "wb") as file:
            for record in range(RECORDS):
                begin = chance.randrange(len(noise) - 3072)
                file.write(bytes([record % 10]) + noise[begin:begin + 3072])
    return folder


def jpegs(folder, count):
    from PIL import Image  # comes with timm
    chance = random.Random(2)
    pixels = [Image.frombytes("RGB", (63, 47), chance.randbytes(63 * 47 * 3)).resize((500, 375), Image.BICUBIC) for _ in range(32)]
    for split in ("train", "test"):
        for label in ("a", "b"):
            (folder / split / label).mkdir(parents=True)
            for i in range(count // 4):
                pixels[i % len(pixels)].save(folder / split / label / f"{i}.jpg", quality=90)
    return folder


def job(options, name, trainer, populations, **ecosphere):
    return {"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": name},
            "spec": {"trainer": {"device": {"kind": options.device}, "precision": "bf16" if options.device == "Cuda" else "fp32", **trainer},
                     "ecosphere": {"generations": options.generations, "baseLearningRate": 0.01, "fitnessSamples": 1000, **ecosphere},
                     "populations": [{"name": each, "algorithm": {"name": "Fixed"}, "members": members} for each, members in populations]}}


def run(options, folder, spec):
    """By generation, without the first: lists of what each member logged, as tuples of LINE."""
    file = folder / f"{spec['metadata']['name']}.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    output = folder / spec["metadata"]["name"]
    ended = subprocess.run([options.build / "bin" / "eoa", "run", file, "--output", output], capture_output=True, text=True, timeout=options.limit,
                           check=False)
    if ended.returncode != 0:
        raise RuntimeError(ended.stdout[-2000:] + ended.stderr[-2000:])
    generations = {}
    for log in sorted((output / "logs").glob("*.log")):
        for match in LINE.finditer(log.read_text(encoding="utf-8", errors="replace")):
            generations.setdefault(int(match[1]), []).append(tuple(float(text) for text in match.groups()[1:]))
    rows = [rows for generation, rows in sorted(generations.items()) if generation > 0]
    if not rows:
        raise RuntimeError("no times in the logs")
    return rows


def spread(values, digits=4):
    return {"median": round(statistics.median(values), digits), "least": round(min(values), digits), "greatest": round(max(values), digits)}


def speed(rows, images_per_step):
    """Images/s of all members together, generation by generation."""
    return [images_per_step * members[0][5] / max(each[1] for each in members) for members in rows]


def wide(options, optimizer="sgd", batch=128, augmentation="cifar-cutout"):
    return {"model": {"name": "wrn-10-1" if options.small else "wrn-16-8"}, "optimizer": {"name": optimizer, "momentum": 0.9}, "batchSizePerMember": batch,
            "dataset": {"name": "cifar10", "path": str(options.cifar), "augmentation": augmentation}}


def steps(options, members, batch):
    return {"generationSteps": max(2, round(45000 * options.scale / (members * batch)))}


def members(options, folder):
    one = speed(run(options, folder, job(options, "one", wide(options, batch=1024), [("all", 1)], **steps(options, 1, 1024))), 1024)
    eight = speed(run(options, folder, job(options, "eight", wide(options), [("all", 8)], **steps(options, 8, 128))), 8 * 128)
    return {"one_images_per_second": spread(one, 1), "eight_images_per_second": spread(eight, 1),
            "ratio": round(statistics.median(eight) / statistics.median(one), 3)}


def boundary(options, folder):
    rows = run(options, folder, job(options, "boundary", wide(options), [("wolves", 4), ("whales", 4)], **steps(options, 4, 128)))
    shares = []
    for each in rows:
        began = max(judged - judge - train for judged, train, judge, *_ in each)
        judged = max(one[0] for one in each)
        ended = max(one[0] + one[3] for one in each)
        shares.append((ended - judged) / (ended - began))
    return {"exchange_share_of_generation": spread(shares), "steps": int(rows[0][0][5])}


def augmentation(options, folder):
    seconds = {}
    for kind in ("none", "cifar-cutout"):
        rows = run(options, folder, job(options, kind, wide(options, augmentation=kind), [("all", 1)], **steps(options, 1, 128)))
        seconds[kind] = [each[0][1] for each in rows]
    return {"seconds": {kind: spread(values) for kind, values in seconds.items()},
            "share_of_step": round(1 - statistics.median(seconds["none"]) / statistics.median(seconds["cifar-cutout"]), 4)}


def jpeg(options, folder):
    images = jpegs(folder / "jpegs", max(256, round(8000 * options.scale)))
    batch = 8 if options.small else 256
    trainer = {"model": {"name": "vit-ti-16" if options.small else "vit-b-16"}, "optimizer": {"name": "sgd", "momentum": 0.9}, "batchSizePerMember": batch,
               "dataset": {"name": "imagefolder", "path": str(images), "augmentation": "vit", "loaderThreads": max(1, len(os.sched_getaffinity(0)) - 2)}}
    rows = run(options, folder, job(options, "jpeg", trainer, [("all", 1)], generationSteps=max(2, round(40 * options.scale * 4)), fitnessSamples=64))
    return {"images_per_second": spread(speed(rows, batch), 1), "wait_share": spread([each[0][6] / each[0][1] for each in rows])}


def authors(options, folder):
    rows = run(options, folder, job(options, "ours", wide(options, "asam"), [("wolves", 4), ("whales", 4)], **steps(options, 4, 128)))
    ours = [max(judged + exchange for judged, _, _, exchange, *_ in each) - max(judged - judge - train for judged, train, judge, *_ in each)
            for each in rows]
    command = [sys.executable, HERE / "authors_way.py", options.cifar, f"--epochs={options.generations}", f"--steps={int(rows[0][0][5])}",
               f"--device={'cuda' if options.device == 'Cuda' else 'cpu'}", f"--model={wide(options)['model']['name']}"]
    theirs = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=options.limit).stdout)["epoch_seconds"][1:]
    return {"our_epoch_seconds": spread(ours), "their_epoch_seconds": spread(theirs), "ratio": round(statistics.median(theirs) / statistics.median(ours), 2)}


CASES = {"members": members, "boundary": boundary, "augmentation": augmentation, "jpeg": jpeg, "authors": authors}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--device", default="Cuda", choices=["Cuda", "Cpu"])
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--small", action="store_true", help="small models in place of wrn-16-8 and vit-b-16")
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--limit", type=float, default=300, help="seconds that one job may take")
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "cifar").mkdir()
        options.cifar = cifar(folder / "cifar")
        for case in options.only.split(","):
            try:
                results[case] = CASES[case](options, folder)
            except (RuntimeError, ImportError, subprocess.SubprocessError, OSError, ValueError) as error:  # the others are still worth their time
                results[case] = {"error": f"{type(error).__name__}: {error}"}
            print(f"{case}: {json.dumps(results[case])}", file=sys.stderr, flush=True)
            if options.out:
                options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    json.dump({"bench": "whole jobs on one GPU", "results": results}, sys.stdout, indent=1)
    print()
    return 1 if any("error" in result for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
