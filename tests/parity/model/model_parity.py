"""Compares the worker's models, loss and optimizers with PyTorch in float64, which stands for the exact result:
model_parity.py RECORD_TRAINING MODEL OPTIMIZER float32|float64.

In float64 everything must agree to nine digits, weights after all steps too: twenty steps amplify rounding, 1e-16, by
some thousands. In float32 an activation within rounding of zero may fall on either side of ReLU's kink, which moves
single gradients by far more than rounding does, and training amplifies that: so gradients agree to a few percent, and
what comes before the first backward to five digits."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch

import reference_models
import reference_training

TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def limit(precision, name):
    if precision == "float64":
        return 1e-9
    return {"logits": 1e-5, "losses": 1e-2, "gradient": 3e-2}.get(name.split("/")[0])


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(data[8 + length + begin:8 + length + end]), dtype=TYPES[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, metadata


def reference(recorded, settings):
    model = reference_models.make_model(settings["model"], classes=10).double()
    start = {name.removeprefix("initial/"): value for name, value in recorded.items() if name.startswith("initial/")}
    expected = {name for name in model.state_dict() if not name.endswith("num_batches_tracked")}
    assert set(start) == expected, f"tensor names differ: {sorted(set(start) ^ expected)}"
    model.load_state_dict(start, strict=False)
    return reference_training.train(model, recorded["images"].double(), recorded["labels"], settings)


def distance(value, exact, start):
    """Relative to the exact value; of final tensors, relative to the way that they went."""
    way = (exact - start if start is not None else exact).norm()
    return ((value.double() - exact).norm() / way).item() if way > 0 else value.double().norm().item()


def main():
    program, model, optimizer, precision = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "recorded.safetensors"
        subprocess.run([program, out, model, optimizer, precision], check=True, timeout=120)
        ours, settings = read_safetensors(out)
    exact = reference(ours, settings)

    compared = [name for name in exact if not name.endswith("num_batches_tracked")]
    missing = set(compared) ^ {name for name in ours if not name.startswith(("initial/", "images", "labels"))}
    assert not missing, f"recorded by one side only: {sorted(missing)}"
    checked, faults, worst = 0, 0, 0.0
    for name in compared:
        allowed = limit(precision, name)
        if allowed is None:
            continue
        start = ours["initial/" + name.removeprefix("final/")].double() if name.startswith("final/") else None
        apart = distance(ours[name], exact[name], start)
        checked, worst = checked + 1, max(worst, apart / allowed)
        if not apart <= allowed:
            faults += 1
            print(f"{name}: {apart:.2e} from the exact result, allowed {allowed:.0e}")
    print(f"{model} {optimizer} {precision}: {checked} tensors compared, {faults} faults, worst at {worst:.2g} of its limit")
    return 1 if faults or checked < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
