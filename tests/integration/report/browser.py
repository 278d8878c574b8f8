"""A headless Chromium, driven over WebDriver (W3C) by chromedriver."""

import base64
import json
import subprocess
import urllib.request


class Browser:
    def __init__(self, width, height):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = None
        for line in self.driver.stdout:
            if "was started successfully on port" in line:
                self.base = "http://127.0.0.1:" + line.rstrip(".\n").split()[-1]
                break
        assert self.base, "chromedriver did not start"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        capabilities = {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}
        self.session = self.call("POST", "/session", {"capabilities": capabilities})["sessionId"]
        self.command("goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride",
                                          "params": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}})

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def command(self, path, body):
        return self.call("POST", f"/session/{self.session}/{path}", body)

    def open(self, file):
        self.command("url", {"url": file.resolve().as_uri()})

    def run(self, script):
        return self.command("execute/sync", {"script": f"return {script}", "args": []})

    def messages(self):
        """What the page's console holds."""
        return [entry["message"] for entry in self.command("se/log", {"type": "browser"})]

    def requests(self):
        """Addresses that were asked for, but for the page's own file."""
        events = [json.loads(entry["message"])["message"] for entry in self.command("se/log", {"type": "performance"})]
        asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("file:", "data:"))]

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self.call("GET", f"/session/{self.session}/screenshot")))

    def print(self):
        return base64.b64decode(self.command("print", {}))

    def close(self):
        try:
            self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=20)
            self.driver.stdout.close()
