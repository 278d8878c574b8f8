"""Prepares the cluster for the end-to-end tests, and clears it: cluster.py up|down

up: brings up this checkout's node unless EOA_E2E_KUBECONFIG names a cluster, builds and loads the images, installs the CRD and the operator.
With a cluster of your own load the images into it first: `make images PRESET=dev` leaves archives in build/images, which
`kind load image-archive` and `minikube image load` take.
down: removes what up installed; takes the node down when up had brought it up.
"""

import pathlib
import subprocess
import sys
import time

import harness

SCRIPTS = harness.SOURCE / "tests/cluster"
# Says that the node was brought up for the tests, not by a developer who may want to keep it.
MARK = pathlib.Path(harness.setting("state_dir")) / "for-tests"


def step(what, *command, timeout):
    started = time.monotonic()
    subprocess.run([str(part) for part in command], check=True, timeout=timeout, env={"PRESET": "dev", **harness.ENVIRONMENT})
    print(f"{what}: {time.monotonic() - started:.0f} s", flush=True)


def node_runs():
    """Whether there is a live node; what a crash of the machine has left does not count."""
    script = f". {SCRIPTS / 'settings.sh'}; node_pid"
    return subprocess.run(["bash", "-c", script], stdout=subprocess.DEVNULL, timeout=60, check=False).returncode == 0


def up():
    if harness.OWN_CLUSTER:
        existed = node_runs() and not MARK.exists()
        step("programs and node", SCRIPTS / "up.sh", timeout=3600)
        if not existed:
            MARK.touch()
        step("images", SCRIPTS / "images.sh", timeout=2400)
        step("load", SCRIPTS / "load.sh", timeout=300)
    install()


def install():
    started = time.monotonic()
    harness.kubectl("apply", "--server-side", "--force-conflicts", "-k", harness.SOURCE / "manifests", timeout=120)
    harness.kubectl("wait", "--for=condition=Established", "crd/eoajobs.eoa.io", "--timeout=60s", timeout=90)
    # The image's name stays the same when its contents change.
    deployment = ("--namespace", harness.OPERATOR_NAMESPACE, f"deployment/{harness.OPERATOR}")
    harness.kubectl("rollout", "restart", *deployment)
    try:
        harness.kubectl("rollout", "status", *deployment, "--timeout=120s", timeout=150)
    except harness.Failed:
        for arguments in (("get", "all,events", "-o", "wide"), ("describe", "pods"),
                          ("logs", "--selector", f"app.kubernetes.io/name={harness.OPERATOR}", "--tail=100", "--prefix")):
            done = harness.kubectl("--namespace", harness.OPERATOR_NAMESPACE, *arguments, check=False)
            print(done.stdout + done.stderr, flush=True)
        raise
    print(f"operator: {time.monotonic() - started:.0f} s", flush=True)


def down():
    if harness.OWN_CLUSTER:
        if MARK.exists():
            step("down", SCRIPTS / "down.sh", timeout=120)
    else:
        harness.kubectl("delete", "-k", harness.SOURCE / "manifests", "--ignore-not-found", timeout=180)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
