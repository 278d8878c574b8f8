"""Runs sweeps and writes what they say into a page.

usage: science.py EOA PAGE OUTPUT SWEEP...

For each SWEEP file: `eoa sweep` in OUTPUT/NAME, then the table between the page's lines `<!-- NAME -->` and `<!-- /NAME -->`.
Interrupted, it goes on where it was. `make science` calls it.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys

INTERRUPTED = 130
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def points(estimate, sign=""):
    """A mean with half of its interval, in per cent."""
    if estimate is None:
        return "–"
    half = "" if estimate["halfWidth"] is None else f" ± {100 * estimate['halfWidth']:.2f}"
    return f"{100 * estimate['mean']:{sign}.2f}{half}"


def table(sweep):
    axes = list(sweep["variants"][0]["values"])
    compared = sorted({each["comparedWith"].split(",")[0] for each in sweep["variants"]} - {""})
    heading = ["arm", *axes, "runs", "test %", f"from {' or '.join(compared)}" if compared else "difference", "passes", "seconds",
               "sum of LRs"]
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    for each in sweep["variants"]:
        runs = f"{each['succeeded']}" + (f", {each['failed']} failed" if each["failed"] else "")
        trained = each["passes"] if each["passes"] is not None else f"{each['images']:.0f} images"
        cells = [each["arm"], *(json.dumps(value).strip('"') for value in each["values"].values()), runs, points(each["testAccuracy"]),
                 points(each["difference"], "+"), f"{trained:g}" if isinstance(trained, (int, float)) else trained,
                 *("–" if each[name] is None else f"{each[name]:.3g}" for name in ("seconds", "learningRateSum"))]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def machine(sweep):
    commit = subprocess.run(["git", "-C", SOURCE, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return f"eoa {sweep['version']}, commit {commit or 'unknown'}, {os.cpu_count()} cores ({platform.machine()})."


def put(page, name, lines):
    """The page with the lines between the marks of this name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(end) < page.index(begin):
        sys.exit(f"science.py: the page needs the lines '{begin.strip()}' and '{end.strip()}', once each and in this order")
    return page[:page.index(begin) + len(begin)] + "".join(line + "\n" for line in lines) + page[page.index(end):]


def main(eoa, page, output, *sweeps):
    page = pathlib.Path(page)
    failed = 0
    for file in map(pathlib.Path, sweeps):
        put(page.read_text(encoding="utf-8"), file.stem, [])  # before hours of training
        directory = pathlib.Path(output) / file.stem
        code = subprocess.run([eoa, "sweep", file, "--output", directory], check=False).returncode
        if code not in (0, 1):
            sys.exit(code if code == INTERRUPTED else f"science.py: `eoa sweep {file}` ended with {code}")
        failed |= code
        sweep = json.loads((directory / "sweep.json").read_text(encoding="utf-8"))
        lines = [*table(sweep), "", machine(sweep)]
        page.write_text(put(page.read_text(encoding="utf-8"), file.stem, lines), encoding="utf-8")
    return failed


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
