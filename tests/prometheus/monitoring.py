"""What docs/metrics.md and manifests/monitoring promise, in the form that tests compare with what is exported."""

import json
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MONITORING = SOURCE / "manifests" / "monitoring"
DASHBOARDS = sorted((MONITORING / "dashboards").glob("*.json"))


def families(text):
    """name -> (type, labels) of a text-format scrape."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    labels = {name: set() for name in types}
    for series, inside in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", text, re.MULTILINE):
        name = series if series in types else re.sub(r"_(bucket|sum|count)$", "", series)
        labels[name] |= set(re.findall(r'(\w+)="', inside or "")) - {"le"}
    return {name: (kind, labels[name]) for name, kind in types.items()}


def documented(section):
    """name -> (type, labels) of the tables in one section of docs/metrics.md."""
    text = (SOURCE / "docs" / "metrics.md").read_text()
    part = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", part, re.MULTILINE):
        rows[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    return rows


def panels(board):
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def substitute(text, variables):
    for name, value in dict(variables, __rate_interval="5s").items():
        text = re.sub(rf"\$(\{{{name}\}}|{name}\b)", lambda _: value, text)
    return text


def dashboard_queries(board_variables, panel_job):
    """(board, panel, ...) -> expression, of all dashboards; `panel_job`: panels that only make sense for another job, and that job."""
    queries = {}
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        own = board_variables[board["uid"]]
        for panel in panels(board):
            variables = dict(own)
            variables["job"] = panel_job.get(panel["title"], variables["job"])
            for target in panel.get("targets", []):
                queries[board["uid"], panel["title"], target["refId"]] = substitute(target["expr"], variables)
        for note in board["annotations"]["list"]:
            if "expr" in note:
                queries[board["uid"], note["name"]] = substitute(note["expr"], own)
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", substitute(variable["definition"], own)).groups()
                queries[board["uid"], "$" + variable["name"]] = f"count by ({label}) ({series}) and on ({label}) ({series})"
    return queries
