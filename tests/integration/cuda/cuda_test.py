"""cuda_test.py BUILD_DIR: builds the programs of the preset `cuda` and runs them where there may be no GPU: they must find all their
libraries, say in one message what is missing when a job asks for a GPU, and train on the CPU like the others when it does not."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[3]
BUILD = ROOT / "build" / "cuda"
PROGRAMS = ["eoa-trainer-worker", "bench_step", "gpu_test"]
JOB = """
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {{name: cuda}}
spec:
  seed: 3
  trainer:
    model: {{name: wrn-10-1}}
    dataset: {{name: webdataset, path: {data}, augmentation: cifar}}
    batchSizePerMember: 16
    device: {{kind: {kind}}}
  ecosphere: {{generations: 2, generationSteps: 3, baseLearningRate: 0.05, fitnessSamples: 32}}
  populations:
  - {{name: wolves, algorithm: {{name: GreyWolf}}, members: 3}}
"""


def call(*command, **options):
    return subprocess.run([str(part) for part in command], text=True, capture_output=True, check=False, timeout=2700, **options)


def build():
    for command in ([ROOT / "cmake" / "deps" / "libtorch.sh", "--cuda"],
                    ["cmake", "--preset", "cuda", "--log-level=WARNING"],
                    ["cmake", "--build", "--preset", "cuda", "--parallel", str(os.cpu_count()), "--target", *PROGRAMS]):
        done = call(*command, cwd=ROOT)
        assert done.returncode == 0, f"{command[0]}: {(done.stdout + done.stderr)[-4000:]}"


def has_gpu():
    return pathlib.Path("/dev/nvidia0").exists()


def finds_its_libraries(program):
    done = call("ldd", BUILD / "bin" / program)
    missing = [line.strip() for line in done.stdout.splitlines() if "not found" in line and "libcuda.so.1" not in line]
    assert done.returncode == 0 and not missing, f"{program}: {missing}"


def run(folder, kind, eoa, worker):
    job = folder / f"{kind}.yaml"
    job.write_text(JOB.format(kind=kind, data=ROOT / "manifests" / "samples" / "data" / "cifar10-subset"), encoding="utf-8")
    output = folder / f"{kind}-{worker.parent.parent.name}"
    done = call(eoa, "run", job, "--output", output, "--worker", worker)
    return done, output


def main():
    eoa = pathlib.Path(sys.argv[1]) / "bin" / "eoa"
    build()
    for program in PROGRAMS:
        finds_its_libraries(program)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        worker = BUILD / "bin" / "eoa-trainer-worker"
        done, output = run(folder, "Cpu", eoa, worker)
        assert done.returncode == 0, done.stdout + done.stderr
        schedule = (output / "schedule.csv").read_text(encoding="utf-8")
        _, reference = run(folder, "Cpu", eoa, eoa.parent / "eoa-trainer-worker")
        assert schedule == (reference / "schedule.csv").read_text(encoding="utf-8"), "on the CPU both programs train alike"
        if not has_gpu():
            done, output = run(folder, "Cuda", eoa, worker)
            result = json.loads((output / "result.json").read_text(encoding="utf-8"))
            said = json.dumps(result)
            assert done.returncode == 1 and result["outcome"] == "Failed", said
            assert "spec.trainer.device.kind" in said and "no driver is loaded" in said and "'Auto' or 'Cpu'" in said, said
            assert all(population["attempts"] == 1 for population in result["populations"]), "tried again in vain: " + said
    print("the CUDA programs are built, and start" + ("" if has_gpu() else "; there is no GPU here"))


if __name__ == "__main__":
    main()
