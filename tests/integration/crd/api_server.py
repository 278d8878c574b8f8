"""A real API server with the CRD in it, spoken to through `kubectl proxy`: tests/cluster/apiserver.sh runs the tests with KUBECONFIG set."""

import json
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[3]
CRD = SOURCE / "manifests/crd/eoajobs.yaml"


def kubectl(*arguments, stdin=None, check=True):
    done = subprocess.run(["kubectl", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return done.stdout if check else done


class Proxy:
    """HTTP to the API server as its administrator."""

    def __init__(self):
        self.process = subprocess.Popen(["kubectl", "proxy", "--port=0", "--disable-filter=false"], stdout=subprocess.PIPE, text=True)
        self.base = "http://" + re.search(r"127\.0\.0\.1:\d+", self.process.stdout.readline()).group()

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def request(self, method, path, body=None, content_type="application/json"):
        """Status code and the answer's JSON."""
        data = body if body is None or isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        asked = urllib.request.Request(self.base + path, data=data, method=method, headers={"Content-Type": content_type})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            text = refused.read().decode()
            return refused.code, json.loads(text) if text.startswith("{") else {"message": text}


JOBS = "/apis/eoa.io/v1alpha1/namespaces/default/eoajobs"


def install_crd():
    kubectl("apply", "-f", CRD)
    kubectl("wait", "--for=condition=Established", "crd/eoajobs.eoa.io", "--timeout=30s")


def wait_for_route(proxy):
    """Established comes a moment before the route answers."""
    deadline = time.monotonic() + 30
    while proxy.request("GET", JOBS)[0] != 200:
        if time.monotonic() > deadline:
            raise AssertionError("no route to eoajobs")
        time.sleep(0.1)
