"""A real Prometheus for tests, and what it says. Its programs come from tests/cluster/prometheus.sh."""

import functools
import json
import math
import pathlib
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def programs_folder():
    """Where prometheus and promtool are."""
    done = subprocess.run([SOURCE / "tests/cluster/prometheus.sh"], check=True, capture_output=True, text=True)
    return pathlib.Path(done.stdout.strip())


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def check_metrics(text):
    """What promtool has to say against a text-format scrape: nothing, if all is well."""
    check = subprocess.run([programs_folder() / "promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    return check.stdout + check.stderr + ("" if check.returncode == 0 else f"exit {check.returncode}")


class Prometheus:
    """A Prometheus that scrapes as `scrape_configs` says, twice a second; listens on loopback, on any free port."""

    def __init__(self, folder, scrape_configs):
        programs = programs_folder()
        config = {"global": {"scrape_interval": "500ms", "scrape_timeout": "400ms", "evaluation_interval": "1s"},
                  "scrape_configs": scrape_configs}
        path = pathlib.Path(folder) / "prometheus.yml"
        path.write_text(json.dumps(config))  # JSON is YAML
        self.process = subprocess.Popen(
            [programs / "prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0",
             "--log.format=json"], stderr=subprocess.PIPE, text=True)
        self.url = None
        self.log = []
        listening = threading.Event()
        self.reader = threading.Thread(target=self._read_log, args=(listening,), daemon=True)
        self.reader.start()
        if not listening.wait(120) or self.url is None:
            self.stop()
            raise AssertionError("Prometheus does not listen:\n" + "".join(self.log[-20:]))

    def _read_log(self, listening):
        for line in self.process.stderr:
            self.log.append(line)
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("msg") == "Listening on" and self.url is None:
                self.url = "http://" + entry["address"]
            if entry.get("msg") == "Server is ready to receive web requests.":
                listening.set()
        listening.set()

    def query(self, expression):
        """The values of an instant query; an error of the expression raises."""
        try:
            answer = json.loads(get(self.url + "/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        return [float(sample["value"][1]) for sample in answer["data"]["result"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.reader.join(20)
        self.process.stderr.close()

    def without_data(self, queries, seconds=60):
        """Those of the queries (name -> expression) that return no number within that time."""
        waiting = dict(queries)
        deadline = time.monotonic() + seconds
        while waiting and time.monotonic() < deadline:
            for name, expression in list(waiting.items()):
                if any(not math.isnan(value) for value in self.query(expression)):
                    del waiting[name]
            if waiting:
                time.sleep(0.5)
        return waiting
