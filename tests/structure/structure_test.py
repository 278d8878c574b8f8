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
    "common/codec": ["common/base", "common/words"],
    "common/document": ["common/base"],
    "common/job": ["common/base", "common/words", "common/codec", "common/document"],
    "common/crd": ["common/base", "common/words", "common/document", "common/job"],
    "common/estimate": ["common/base", "common/job"],
    "common/messages": ["common/base", "common/words", "common/codec", "common/job"],
    "common/evolve": ["common/base", "common/job", "common/messages"],
    "common/metrics": ["common/base"],
    "common/net": ["common/base"],
    "common/net/cpprest": ["common/base", "common/net"],
    "common/net/server": ["common/base", "common/words", "common/net"],
    "broker/core": ["common/base", "common/words", "common/codec", "common/job", "common/messages", "common/evolve", "common/net"],
    "broker/rest": ["common/base", "common/words", "common/codec", "common/job", "common/messages", "common/net", "broker/core"],
    "operator/plan": ["common/base", "common/words", "common/job", "common/estimate", "broker/core"],
    "operator/kube": ["common/base", "common/words", "common/document", "common/net"],
    "operator/rounds": ["common/base", "common/words", "common/job", "broker/core", "operator/kube"],
    "operator/metrics": ["common/base", "common/metrics", "common/words", "common/job", "common/net", "broker/core", "broker/rest", "operator/kube"],
    "operator/cluster": ["common/base", "common/words", "common/job", "common/evolve", "common/net", "broker/core", "broker/rest",
                         "operator/plan", "operator/kube", "operator/rounds", "operator/metrics"],
    "operator/access": ["common/base", "common/net", "common/net/cpprest", "operator/kube"],
    "operator/app": ["common/base", "common/words", "operator/"],
    "cli/report": ["common/base", "common/words", "common/codec", "common/job", "common/evolve", "broker/core"],
    "cli/run": ["common/base", "common/words", "common/codec", "common/job", "common/evolve", "common/net", "broker/core", "broker/rest", "cli/report"],
    "cli/sweep": ["common/base", "common/words", "common/document", "common/job", "common/evolve", "cli/report", "cli/run"],
    "cli/fetch": ["common/base", "common/words", "common/job", "common/net", "broker/core", "operator/kube", "operator/rounds", "operator/plan",
                  "cli/report", "cli/run"],
    "cli/data": ["common/base", "common/words", "common/job", "common/net", "trainer/data"],
    "cli/app": ["common/", "broker/", "operator/", "cli/"],
    "trainer/config": ["common/base", "common/words", "common/codec", "common/messages"],
    "trainer/data": ["common/base", "common/job", "trainer/config"],
    "trainer/model": ["common/base", "common/job", "trainer/config"],
    "trainer/optim": ["common/base", "common/job", "trainer/config", "trainer/model"],
    "trainer/device": ["common/base", "common/job"],
    "trainer/device/cpu": ["common/base", "common/job", "trainer/device"],
    "trainer/device/cuda": ["common/base", "common/job", "trainer/device"],
    "trainer/comm": ["common/base", "common/job", "trainer/config", "trainer/device"],
    "trainer/comm/cpu": ["common/base", "trainer/comm"],
    "trainer/comm/cuda": ["common/base", "trainer/comm"],
    "trainer/checkpoint": ["common/base", "common/codec", "common/job", "trainer/config"],
    "trainer/export": ["common/base", "common/job", "trainer/checkpoint"],
    "trainer/npz": ["common/base", "trainer/checkpoint", "trainer/data"],
    "trainer/pretrained": ["common/base", "common/job", "trainer/config", "trainer/data", "trainer/model", "trainer/checkpoint",
                           "trainer/npz"],
    "trainer/engine": ["common/base", "common/words", "common/job", "common/messages", "common/estimate", "common/evolve", "trainer/config", "trainer/data", "trainer/model", "trainer/optim",
                       "trainer/comm", "trainer/device", "trainer/checkpoint", "trainer/pretrained"],
    "trainer/agent": ["common/base", "common/metrics", "common/words", "common/codec", "common/job", "common/messages", "common/estimate", "common/evolve", "common/net", "trainer/config"],
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
    r"boost/math": ["common/evolve", "cli/sweep", "trainer/data"],
    r"(torch|ATen|c10|caffe2)/": TORCH,
    r"gloo": ["trainer/comm"],
    r"nccl": ["trainer/comm/cuda"],
    r"(cuda|c10/cuda|ATen/cuda)": CUDA,
    r"yaml\.h": ["common/document"],
    r"CLI/": ["cli/app", "operator/app", "trainer/app"],
    r"prometheus/": ["common/metrics", "operator/metrics"],
    r"archive": ["cli/data"],
    r"(jpeglib|jerror|png\.h|webp/|gif_lib)": ["trainer/data"],
    r"libdeflate\.h": ["common/base", "trainer/npz"],
    r"openssl/": ["common/net", "common/net/cpprest", "common/net/server", "cli/data"],
}

PROGRAMS = ("broker/", "cli/", "common/", "operator/", "trainer/")
# What has one home: a pattern of code, and the only files where it may stand. LibTorch's generators bring a lock of their own.
ONE_HOME = {
    r"std::(\w*mutex|scoped_lock|lock_guard|unique_lock|shared_lock|condition_variable)\b": ["common/base/mutex.h",
                                                                                           "trainer/model/recomputed.cc"],
    r"::close\(": ["common/base/descriptor.cc"],
    r'"0123456789abcdef"': ["common/base/hex.cc"],
    r"/proc/self/exe": ["common/base/program_path.cc"],
    r"crc32(_z)?\(": ["common/base/checksum.cc"],
}

MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
DRAWER = re.compile(r"(^|_)(utils?|helpers?|managers?|misc)(_|\.|$)")

# Each of these words is written once, in these files; everybody else says ToWord(...). Other enums may have the same
# words in tables of their own.
TABLES = ["common/words/phases.h", "common/words/conditions.h", "common/words/refusals.h"]
# The same words where they mean something else: Kubernetes' and HTTP's own, and names of error codes.
OTHER_MEANING = {
    "common/base/error.cc": ["NotFound", "Unavailable", "Internal"],
    "common/document/plain_scalar.cc": ["True", "False"],
    "common/net/server/response_head.cc": ["Gone", "Unauthorized"],
    "operator/kube/reflector_state.cc": ["Gone"],
    "trainer/npz/npy_header.cc": ["True", "False"],
}
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
TABLE = re.compile(r"\bWords<\w+>\([^)]*\)")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
EXIT_CODE = re.compile(r"""(?:\b_?[eE]xit\(|\bLeave\(|[eE]xit\w*\b.*[=!]=\s*|\.code\b.*[=!]=\s*|\bk\w*Code\w*\s*=[\s{]*)
                           (?:6[456]|7[567]|130|143)\b""", re.VERBOSE)


def words_of(text):
    """All words of a header's tables."""
    return {word for table in TABLE.findall(text) for word in LITERAL.findall(table)}


def word_faults(name, text, words):
    faults = []
    text = TABLE.sub(lambda table: "\n" * table.group(0).count("\n"), without_comments(text))
    for number, line in enumerate(text.split("\n"), 1):
        for literal in LITERAL.findall(line):
            if literal in words and literal not in OTHER_MEANING.get(name, []):
                faults.append(f'{name}:{number}: "{literal}" is a word of common/words: ToWord(...)')
        if EXIT_CODE.search(line):
            faults.append(f"{name}:{number}: an exit code as a number: common/words/exit_code.h")
    return faults


def without_comments(text):
    """The same lines; a // inside a string stays."""
    kept = re.compile(LITERAL.pattern + "|" + COMMENT.pattern, re.DOTALL)
    return kept.sub(lambda match: match.group(0) if match.group(0).startswith('"') else "\n" * match.group(0).count("\n"), text)


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
    if path.suffix in (".h", ".cc", ".cu") and name.startswith(PROGRAMS):
        if folder not in ALLOWED:
            return [f"{name}: folder {folder} is not in the table of {pathlib.PurePath(__file__).name}"]
        faults += include_faults(name, folder, text)
    if path.suffix in (".h", ".cc", ".cu"):
        for pattern, homes in ONE_HOME.items():
            if name not in homes and (path.parts[0] != "tests" or "mutex" in pattern) and (found := re.search(pattern, text)):
                faults.append(f"{name}: {found[0]} belongs into {homes[0]} alone")
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
    words = set().union(*(words_of((root / table).read_text(encoding="utf-8")) for table in TABLES))
    for name in tracked_files(root):
        if not name.endswith((".h", ".cc", ".cu", ".py", ".sh")):
            continue
        checked += 1
        text = (root / name).read_text(encoding="utf-8")
        faults += faults_of(name, text)
        if name.startswith(PROGRAMS) and not name.startswith("common/words/") and not name.endswith((".py", ".sh")):
            faults += word_faults(name, text, words)
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
    words = words_of('constexpr auto WordsOf(A) {\n  return Words<A>("Running",\n                  "NoProgress");\n}')
    assert words == {"Running", "NoProgress"}
    assert word_faults("cli/run/a.cc", 'if (phase == "Running") return;', words)
    assert word_faults("cli/run/a.cc", 'Say("http://x", "NoProgress");  // "Running"', words)
    assert not word_faults("cli/run/a.cc", 'Say("Running on");  // "Running"', words)
    assert not word_faults("cli/run/a.h", 'return Words<A>("Running",\n "Idle");', words)
    for code in ("status.code == 64", "std::_Exit(75)", "constexpr std::array<int, 2> kHopelessCodes = {64, 65}", "constexpr int kBadCode = 66;"):
        assert word_faults("cli/run/a.cc", code, words), code
    for other in ("bits == 64", "constexpr int kWidth = 64;", "Exit(ExitCode::kOk)", "exit_codes_[75]"):
        assert not word_faults("cli/run/a.cc", other, words), other
    assert faults_of("tests/unit/a.cc", "std::mutex mutex;")
    assert faults_of("cli/run/a.cc", "::close(fd);")
    assert not faults_of("trainer/engine/a.cc", '#include "trainer/comm/comm.h"\n#include <ATen/core/Tensor.h>\n')


if __name__ == "__main__":
    self_test()
    sys.exit(main())
