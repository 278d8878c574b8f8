"""Runs the quickstart, shortened, with real workers: images, training, elections, weights.

usage: quickstart_test.py BIN_DIR CASE      CASE: one of CASES
"""

import csv
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "manifests/samples"
GENERATIONS = 3

# What is changed in the sample's `ecosphere` by case.
CASES = {
    "average": "",
    "best": "weightMerge: Best",
    "none": "weightMerge: None",
    "async": "exchange: {mode: Async}",
    "ecosphere": "gradientScope: Ecosphere",
    "probe": "probeGenerations: 1",
    "asam": "",
}


def job(case):
    text = (SAMPLES / "quickstart.yaml").read_text()
    text = text.replace("data/cifar10-subset", str(SAMPLES / "data/cifar10-subset"))
    lines = []
    for line in text.splitlines():
        if line.startswith("    generations:"):
            line = f"    generations: {GENERATIONS}"
        elif line.startswith("    generationEpochs:"):
            line = "    generationSteps: 2\n    fitnessSamples: 64"
            if CASES[case]:
                line += "\n    " + CASES[case]
        elif line.startswith("    optimizer:") and case == "asam":
            line = "    optimizer: {name: asam, rho: 0.5}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def run(binaries, case, folder, *more):
    folder.mkdir()
    job_file = folder / "job.yaml"
    job_file.write_text(job(case))
    finished = subprocess.run([binaries / "eoa", "run", job_file, "--output", folder / "out", *more], capture_output=True,
                              text=True, timeout=150)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / "out"


def check_results(output):
    result = json.loads((output / "result.json").read_text())
    assert result["outcome"] == "Succeeded", result
    assert result["generations"] == GENERATIONS, result
    evaluation = result["evaluation"]
    assert evaluation["images"] == 1000 and evaluation["top1"] == result["testAccuracy"] <= evaluation["top5"] <= 1, evaluation
    assert [each["images"] for each in evaluation["classes"]] == [sum(row) for row in evaluation["confusion"]] == [100] * 10, evaluation
    assert abs(sum(evaluation["confusion"][i][i] for i in range(10)) / 1000 - evaluation["top1"]) < 1e-9, evaluation
    assert result["testImages"] == 1000 and 0 < result["testAccuracy"] < 1, result
    with open(output / "schedule.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    elected = [row for row in rows if row["elected"] == "1"]
    assert float(elected[-1]["learning_rate"]) > 0
    members = {(row["population"], row["member"]) for row in rows}
    assert members == {(name, str(i)) for name in ("wolves", "whales") for i in range(4)}, members
    for row in rows:
        assert 0 <= float(row["fitness"]) <= 1 and float(row["train_loss"]) > 0, row
    return rows


def check_probe(rows):
    """Four LRs are tried, a decade apart up to maxLearningRate, 10; training begins with all LRs at the one of the least loss, or up to a
    tenth above."""
    probe = [row for row in rows if row["generation"] == "0"]
    tried = sorted({float(row["learning_rate"]) for row in probe})
    expected = [0.05 * 8 * 10**decades for decades in (-1.5, -0.5, 0.5)] + [10]
    assert len(tried) == 4 and all(abs(rate / each - 1) < 1e-9 for rate, each in zip(tried, expected)), tried
    best = min(probe, key=lambda row: float(row["fitness_loss"] or "inf"))
    found = float(best["learning_rate"])
    assert {row["learning_rate"] for row in probe if row["elected"] == "1"} == {best["learning_rate"]}, probe
    assert all((row["trained"] == "") == (row["generation"] == "0") for row in rows), rows
    first = [float(row["learning_rate"]) for row in rows if row["generation"] == "1"]
    assert all(found <= rate < 1.1001 * found for rate in first), (found, first)


def check_election(rows):
    """In every generation the one row that is marked is the fittest: of equals the least loss, then the smallest LR."""
    for generation in range(GENERATIONS):
        of = [row for row in rows if int(row["generation"]) == generation]
        assert len(of) == 8, of
        best = max(of, key=lambda row: (float(row["fitness"]), -float(row["fitness_loss"] or "inf"), -float(row["learning_rate"])))
        assert [row for row in of if row["elected"] == "1"] == [best], of


def wrn_10_1_parameters():
    """Stem, three stages of one projecting unit (two norms, two 3x3 convolutions, a 1x1 shortcut), norm, head of ten classes."""
    total, width = 3 * 16 * 9, 16
    for out in (16, 32, 64):
        total += 2 * width + width * out * 9 + 2 * out + out * out * 9 + width * out
        width = out
    return total + 2 * width + width * 10 + 10


def check_model(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    parameters = 0
    for name, tensor in header.items():
        if name != "__metadata__" and not name.endswith(("running_mean", "running_var")):
            count = 1
            for size in tensor["shape"]:
                count *= size
            parameters += count
    assert parameters == wrn_10_1_parameters(), parameters


def check_profiles(output, ranges):
    """A trace of each member in which the step's parts lie within the step."""
    names = {path.name for path in (output / "profiles").iterdir()}
    assert names == {f"{population}-{member}.json" for population in ("wolves", "whales") for member in range(4)}, names
    for name in names:
        events = json.loads((output / "profiles" / name).read_text())["traceEvents"]
        spans = {}
        for event in events:
            if event.get("ph") == "X" and event.get("cat") == "user_annotation":
                spans.setdefault(event["name"], []).append((event["ts"], event["ts"] + event["dur"]))
        assert len(spans.get("step", [])) == 1, (name, spans)
        (begin, end), = spans["step"]
        for each in ranges:
            assert each in spans and all(begin <= first <= last <= end for first, last in spans[each]), (name, each, spans)
        assert any(event.get("name", "").startswith("aten::conv") for event in events), name


def main():
    binaries, case = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # The first five steps of six are not traced.
        profiled = case in ("average", "asam")
        output = run(binaries, case, folder / "first", *(["--profile", "1"] if profiled else []))
        if profiled:
            check_profiles(output, ["data", "forward", "backward", "communication", "optimizer"] + (["ascent"] if case == "asam" else []))
        rows = check_results(output)
        check_model(output / "model.safetensors")
        if case == "probe":
            check_probe(rows)
        elif case != "async":
            check_election(rows)
        if case == "average":
            again = run(binaries, case, folder / "second")
            assert (output / "schedule.csv").read_bytes() == (again / "schedule.csv").read_bytes(), "another schedule"


if __name__ == "__main__":
    main()
