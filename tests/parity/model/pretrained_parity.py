"""Fills a Vision Transformer from a checkpoint of Google's layout and compares its logits with timm's, which reads the same file with a
loader of its own: pretrained_parity.py RECORD_LOGITS MODEL [CASE].

Logits are near 1, and sums of some thousand products in float32 differ by the order of summation: by 1e-5 or so; the bar is 1e-4."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import safetensors.numpy
import timm
import torch

import google_checkpoint

TIMM = {
    "vit-ti-16": "vit_tiny_patch16_224", "vit-s-16": "vit_small_patch16_224", "vit-b-16": "vit_base_patch16_224",
    "vit-b-32": "vit_base_patch32_224", "vit-l-16": "vit_large_patch16_224", "vit-l-32": "vit_large_patch32_224",
    "vit-h-14": "vit_huge_patch14_224", "r50-vit-b-16": "vit_base_r50_s16_224",
}
# Without a head, in millions, at 224 pixels, as published.
PARAMETERS = {"vit-b-16": 85.8, "vit-b-32": 87.5, "vit-l-16": 303.3, "vit-l-32": 305.5, "vit-h-14": 630.8, "r50-vit-b-16": 97.9}
TOLERANCE = 1e-4
CLASSES = 10
# What the file is like, beside plain: how it is saved, and what the network is asked for.
CASES = {
    "plain": {}, "opt-target": {"prefix": "opt/target/"}, "params": {"prefix": "params/"}, "deflated": {"compressed": True},
    "float16": {"element": "float16"}, "bfloat16": {"element": "bfloat16"}, "resized": {"grid": 3}, "other-classes": {"classes": 7},
    "pre-logits": {"pre_logits": True}, "gap": {"classifier": "GAP"}, "full-size": {"grid": 0},
    "big-vision": {"layout": "learned", "classifier": "GAP", "prefix": "params/"},
    "big-vision-token": {"layout": "learned", "prefix": "params/"},
    "big-vision-fixed": {"layout": "fixed", "classifier": "GAP", "prefix": "params/"},
}


def logits_of(program, folder, model, size, file, images, classes, classifier):
    out = folder / "logits.safetensors"
    subprocess.run([program, out, file, model, str(size), str(classes), classifier, images], check=True, timeout=300)
    with open(out, "rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        count = int(json.loads(opened.read(length))["__metadata__"]["parameters"])
    return safetensors.numpy.load_file(out)["logits"], count


def timm_logits(model, size, file, images, classifier):
    options = {"global_pool": "avg", "class_token": False, "fc_norm": False} if classifier == "GAP" else {}
    network = timm.create_model(TIMM[model], img_size=size, num_classes=CLASSES, **options).eval()
    network.load_pretrained(str(file))
    with torch.no_grad():
        return network(torch.from_numpy(images)).numpy()


def main():
    program, model = sys.argv[1:3]
    case = sys.argv[3] if len(sys.argv) > 3 else "plain"
    settings = dict(CASES[case])
    patch = google_checkpoint.SHAPES[model][4]
    grid = settings.pop("grid", 4) or 224 // patch
    side = 5 if case == "resized" else grid  # of the checkpoint
    classes, classifier = settings.pop("classes", CLASSES), settings.pop("classifier", "TOKEN")
    arrays = google_checkpoint.make(model, side, CLASSES, seed=5, pre_logits=settings.pop("pre_logits", False))
    layout = settings.pop("layout", None)
    size = grid * patch
    images = numpy.random.default_rng(6).standard_normal((2, 3, size, size), dtype=numpy.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = folder / "checkpoint.npz"
        written = google_checkpoint.as_big_vision(arrays, layout == "fixed") if layout else arrays
        google_checkpoint.save(file, written, **settings)
        safetensors.numpy.save_file({"images": images}, folder / "images.safetensors")
        ours, parameters = logits_of(program, folder, model, size, file, folder / "images.safetensors", classes, classifier)
        if case in ("other-classes", "pre-logits"):
            assert ours.shape == (2, classes) and not ours.any(), f"the new head does not start at zero: {ours}"
            print(f"{model} {case}: the head is new and zero")
            return
        if case == "full-size":
            million = (parameters - CLASSES * (google_checkpoint.SHAPES[model][0] + 1)) / 1e6
            assert abs(million - PARAMETERS.get(model, million)) <= 0.06, f"{million} million parameters"
        # timm resizes in another way, and reads bfloat16 in none.
        plain = google_checkpoint.on_grid(arrays, grid)
        if "element" in settings:
            plain = {key: google_checkpoint.rounded(value, settings["element"]) for key, value in plain.items()}
        positions = plain[google_checkpoint.POSITIONS][:, 1:]
        if layout == "fixed":
            positions = google_checkpoint.fixed_positions(grid, positions.shape[2])
        if classifier == "GAP" or layout:
            plain = google_checkpoint.with_positions(plain, positions, token=classifier != "GAP")
        if case != "big-vision":  # which timm reads too
            google_checkpoint.save(file, plain)
        theirs = timm_logits(model, size, file, images, classifier)
    apart = numpy.abs(ours - theirs).max()
    print(f"{model} {case}: logits up to {numpy.abs(theirs).max():.2f}, apart by {apart:.1e}, allowed {TOLERANCE:.0e}; {parameters} parameters")
    assert apart <= TOLERANCE
    assert numpy.abs(theirs).max() > 0.1 and numpy.ptp(theirs, axis=0).max() > 1e-2, "logits that say nothing"


if __name__ == "__main__":
    main()
