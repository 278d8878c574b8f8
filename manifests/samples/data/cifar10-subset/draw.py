#!/usr/bin/env python3
"""Draws the class-balanced CIFAR-10 subset beside this script from an archive of JPEG files.

usage: draw.py SOURCE [TARGET]

SOURCE is a tar archive (tar, tar.gz, tar.xz, or tar.zst where the zstd program is installed) that holds
train/CLASS/NAME.jpg and test/CLASS/NAME.jpg. Writes train.tar, test.tar (WebDatasets), classes.txt and SHA256SUMS into
TARGET (default: the script's folder). The same archive always gives the same bytes: the draw is seeded, and the tar
headers carry no time, owner or mode of the machine.
"""

import hashlib
import io
import pathlib
import random
import subprocess
import sys
import tarfile

SEED = 20090408
PER_CLASS = {"train": 500, "test": 100}


def open_archive(path):
    if path.suffix == ".zst":
        unpacked = subprocess.run(["zstd", "-dcq", str(path)], check=True, stdout=subprocess.PIPE).stdout
        return tarfile.open(fileobj=io.BytesIO(unpacked))
    return tarfile.open(path)


def read_images(path):
    """{split: {class name: [(member name, JPEG bytes)], sorted}}"""
    images = {split: {} for split in PER_CLASS}
    with open_archive(path) as archive:
        for member in archive:
            parts = pathlib.PurePosixPath(member.name).parts
            if member.isfile() and len(parts) == 3 and parts[0] in images and parts[2].endswith(".jpg"):
                images[parts[0]].setdefault(parts[1], []).append((member.name, archive.extractfile(member).read()))
    for classes in images.values():
        for files in classes.values():
            files.sort()
    return images


def draw(images, split, classes):
    """[(class index, JPEG bytes)]: the same number of each class, without replacement, in a mixed order."""
    chosen = []
    for label, name in enumerate(classes):
        files = images[split][name]
        if len(files) < PER_CLASS[split]:
            sys.exit(f"{split}/{name} holds {len(files)} images; {PER_CLASS[split]} are needed")
        chosen += [(label, data) for _, data in random.Random(f"{SEED}/{split}/{name}").sample(files, PER_CLASS[split])]
    random.Random(f"{SEED}/{split}").shuffle(chosen)
    return chosen


def add(archive, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(data))


def write_webdataset(path, samples):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number, (label, data) in enumerate(samples):
            add(archive, f"{number:05d}.jpg", data)
            add(archive, f"{number:05d}.cls", str(label).encode())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else pathlib.Path(__file__).parent)
    images = read_images(pathlib.Path(sys.argv[1]))
    classes = sorted(images["train"])
    (target / "classes.txt").write_text("".join(f"{name}\n" for name in classes))
    for split in PER_CLASS:
        write_webdataset(target / f"{split}.tar", draw(images, split, classes))
    sums = [f"{hashlib.sha256((target / name).read_bytes()).hexdigest()}  {name}\n"
            for name in ("classes.txt", "test.tar", "train.tar")]
    (target / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
