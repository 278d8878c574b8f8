"""Checks that the tree is laid out as docs/architecture.md says: include directions, where third-party headers may appear,
file sizes, names. Run from anywhere: structure_test.py [SOURCE_DIR]."""

import pathlib
import re
import subprocess
import sys

# A folder may include from itself and from what stands behind it here; a folder that is not listed may not hold C++ at all.
ALLOWED = {
    "common/base": [],
    "common/words": [],
    "common/document": ["common/base"],
    "common/job": ["common/base", "common/words", "common/document"],
    "common/crd": ["common/base", "common/words", "common/document", "common/job"],
    "common/estimate": ["common/base", "common/job"],
    "common/messages": ["common/base", "common/words"],
    "common/evolve": ["common/base", "common/job", "common/messages"],
    "common/net": ["common/base"],
    "common/net/cpprest": ["common/base", "common/net"],
    "common/net/server": ["common/base", "common/words", "common/net"],
    "broker/core": ["common/base", "common/words", "common/job", "common/messages", "common/evolve", "common/net"],
    "broker/rest": ["common/base", "common/words", "common/job", "common/messages", "common/net", "broker/core"],
    "operator/plan": ["common/base", "common/words", "common/job", "broker/core"],
    "operator/kube": ["common/base", "common/words", "common/document", "common/net"],
    "operator/metrics": ["common/base", "common/words", "common/job", "common/net", "broker/core", "broker/rest", "operator/kube"],
    "operator/cluster": ["common/base", "common/words", "common/job", "common/evolve", "common/net", "broker/core", "broker/rest",
                         "operator/plan", "operator/kube", "operator/metrics"],
    "operator/access": ["common/base", "common/net", "common/net/cpprest", "operator/kube"],
    "operator/app": ["common/base", "common/words", "operator/"],
    "cli/report": ["common/base", "common/words", "common/job", "broker/core"],
    "cli/run": ["common/base", "common/words", "common/job", "common/evolve", "common/net", "broker/core", "broker/rest", "operator/plan", "cli/report"],
    "cli/data": ["common/base", "common/words", "common/net"],
    "cli/app": ["common/", "broker/", "operator/", "cli/"],
    "trainer/config": ["common/base", "common/words", "common/messages"],
    "trainer/data": ["common/base", "common/job", "trainer/config"],
    "trainer/model": ["common/base", "common/job", "trainer/config"],
    "trainer/optim": ["common/base", "common/job", "trainer/config", "trainer/model"],
    "trainer/device": ["common/base", "common/job"],
    "trainer/device/cpu": ["common/base", "common/job", "trainer/device"],
    "trainer/device/cuda": ["common/base", "common/job", "trainer/device"],
    "trainer/comm": ["common/base", "common/job", "trainer/config", "trainer/device"],
    "trainer/comm/cpu": ["common/base", "trainer/comm"],
    "trainer/comm/cuda": ["common/base", "trainer/comm"],
    "trainer/checkpoint": ["common/base", "common/job", "trainer/config"],
    "trainer/export": ["common/base", "common/job", "trainer/checkpoint"],
    "trainer/npz": ["common/base", "trainer/checkpoint", "trainer/data"],
    "trainer/pretrained": ["common/base", "common/job", "trainer/config", "trainer/data", "trainer/model", "trainer/checkpoint",
                           "trainer/npz"],
    "trainer/engine": ["common/base", "common/words", "common/job", "common/estimate", "trainer/config", "trainer/data", "trainer/model", "trainer/optim",
                       "trainer/comm", "trainer/device", "trainer/checkpoint", "trainer/pretrained"],
    "trainer/agent": ["common/base", "common/words", "common/job", "common/messages", "common/estimate", "common/evolve", "common/net", "trainer/config"],
    "trainer/app": ["common/", "trainer/"],
}

# Third-party headers, by a pattern of the include path, and the folders that may include them. Tests may include anything.
CUDA = ["trainer/device/cuda", "trainer/comm/cuda"]
TORCH = [*CUDA, "trainer/device", "trainer/device/cpu", "trainer/comm/cpu", "trainer/model", "trainer/optim", "trainer/comm", "trainer/checkpoint", "trainer/pretrained", "trainer/engine", "trainer/app"]
THIRD_PARTY = {
    r"(cpprest|pplx)/": ["common/net/cpprest"],
    r"boost/asio": ["common/net/server", "common/net/cpprest"],
    r"boost/beast": ["common/net/server"],
    r"boost/multiprecision": ["common/evolve"],
    r"boost/math": ["common/evolve", "trainer/data"],
    r"(torch|ATen|c10|caffe2)/": TORCH,
    r"gloo": ["trainer/comm"],
    r"nccl": ["trainer/comm/cuda"],
    r"(cuda|c10/cuda|ATen/cuda)": CUDA,
    r"yaml\.h": ["common/document"],
    r"CLI/": ["cli/app", "operator/app", "trainer/app"],
    r"prometheus/": ["operator/metrics"],
    r"archive": ["cli/data"],
    r"(turbojpeg|png\.h)": ["trainer/data"],
    r"libdeflate\.h": ["trainer/npz"],
    r"zlib\.h": ["common/base"],
    r"openssl/": ["common/net", "common/net/cpprest", "common/net/server", "cli/data"],
}

MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
DRAWER = re.compile(r"(^|_)(utils?|helpers?|managers?|misc)(_|\.|$)")


def tracked_files(root):
    listing = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout.decode()
    return [name for name in listing.split("\0") if name and (root / name).is_file()]


def include_faults(name, folder, text):
    faults = []
    for kind, target in INCLUDE.findall(text):
        where = f"{name}: includes {target}"
        if kind == '"':
            target_folder = str(pathlib.PurePosixPath(target).parent)
            allowed = ALLOWED[folder]
            if target_folder != folder and target_folder not in allowed and not any(
                    entry.endswith("/") and target_folder.startswith(entry) for entry in allowed):
                faults.append(f"{where}, which {folder} must not see")
        for pattern, folders in THIRD_PARTY.items():
            if re.match(pattern, target) and kind == "<" and folder not in folders:
                faults.append(f"{where}, allowed only in {', '.join(folders)}")
    return faults


def faults_of(name, text):
    faults = []
    path = pathlib.PurePosixPath(name)
    folder = str(path.parent)
    if path.suffix in (".h", ".cc", ".cu") and path.parts[0] in ("broker", "cli", "common", "operator", "trainer"):
        if folder not in ALLOWED:
            return [f"{name}: folder {folder} is not in the table of {pathlib.PurePath(__file__).name}"]
        faults += include_faults(name, folder, text)
    if path.suffix == ".h" and "#pragma once" not in text:
        faults.append(f"{name}: no #pragma once")
    if path.suffix in (".h", ".cc", ".cu", ".py", ".sh"):
        lines = text.count("\n")
        if lines > MAX_LINES:
            faults.append(f"{name}: {lines} lines; at most {MAX_LINES}")
        if any(DRAWER.search(part) for part in path.parts):
            faults.append(f"{name}: a name that says nothing about what is inside")
    return faults


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    faults = []
    checked = 0
    for name in tracked_files(root):
        if not name.endswith((".h", ".cc", ".cu", ".py", ".sh")):
            continue
        checked += 1
        faults += faults_of(name, (root / name).read_text(encoding="utf-8"))
    for fault in faults:
        print(fault)
    print(f"{checked} files checked, {len(faults)} faults")
    return 1 if faults or checked < 50 else 0


def self_test():
    """The check must be able to fail."""
    assert faults_of("common/evolve/a.h", '#pragma once\n#include "common/net/http_client.h"\n')
    assert faults_of("cli/run/a.cc", "#include <cpprest/http_client.h>\n")
    assert faults_of("trainer/agent/a.cc", "#include <ATen/core/Tensor.h>\n")
    assert faults_of("trainer/engine/a.cc", '#include "broker/core/journal.h"\n')
    assert faults_of("broker/core/a.cc", "#include <boost/beast/http.hpp>\n")
    assert faults_of("trainer/engine/a.cc", "#include <c10/cuda/CUDAStream.h>\n")
    assert faults_of("common/base/string_utils.cc", "")
    assert faults_of("common/base/a.cc", "\n" * 601)
    assert faults_of("common/other/a.cc", "")
    assert not faults_of("trainer/engine/a.cc", '#include "trainer/comm/comm.h"\n#include <ATen/core/Tensor.h>\n')


if __name__ == "__main__":
    self_test()
    sys.exit(main())
