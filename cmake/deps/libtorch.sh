#!/usr/bin/env bash
# Lays out LibTorch 2.11.0 from PyPI's wheels under the user's cache, checked by SHA-256, once for all clones.
#   libtorch.sh [--cuda]              fetch and unpack what is missing; --cuda: with CUDA, cuDNN and NCCL (2.6 GB more)
#   libtorch.sh [--cuda] --print-dir  only say where it lies
# EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
target=$cache/libtorch-2.11.0
requirements=(--requirement "$here/libtorch-cpu.txt")
unused=(libtorch_python.so libtorch.so)
if [[ ${1:-} == --cuda ]]; then
  shift
  target+=-cuda
  requirements+=(--requirement "$here/libtorch-cuda.txt")
else
  unused+=(libtorch_cuda.so libtorch_cuda_linalg.so libtorch_nvshmem.so libc10_cuda.so libcaffe2_nvrtc.so)
fi

if [[ ${1:-} == --print-dir ]]; then
  echo "$target"
  exit 0
elif [[ $# -gt 0 ]]; then
  echo "usage: $0 [--cuda] [--print-dir]" >&2
  exit 2
fi
# What is there is complete only for the list that it was made from.
list=$(cat "$here"/libtorch-cpu.txt "$here/libtorch-cuda.txt" "${BASH_SOURCE[0]}" | sha256sum)
is_complete() { [[ -f $target/complete && $(<"$target/complete") == "$list" ]]; }
is_complete && exit 0

mkdir -p "$cache"
exec 9>"$cache/libtorch.lock"
flock 9
is_complete && exit 0

work=$(mktemp -d "$cache/libtorch.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "Fetching $(basename "$target")"
# One fixed set of wheels whatever this machine's Python is: only their C++ libraries are used.
platforms=()
for glibc in 28 27 25 18 17 12 5; do platforms+=(--platform "manylinux_2_${glibc}_x86_64"); done
for name in manylinux2014 manylinux2010 manylinux1; do platforms+=(--platform "${name}_x86_64"); done
python3 -m pip download --quiet --require-hashes --no-deps --only-binary=:all: "${requirements[@]}" --dest "$work/wheels" \
  --implementation cp --python-version 3.11 --abi cp311 --abi none "${platforms[@]}"

echo "Unpacking to $target"
python3 - "$work" "${unused[@]}" <<'PYTHON'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
wanted = ("torch/lib/", "torch/include/", "torch/share/", "nvidia/")
for wheel in (work / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "out", [name for name in archive.namelist() if name.startswith(wanted)])
for library in sys.argv[2:]:
    (work / "out/torch/lib" / library).unlink(missing_ok=True)
PYTHON
toolkit=$work/out/nvidia/cu13
if [[ -d $toolkit/bin ]]; then
  # Wheels carry no permissions, and no links.
  chmod +x "$toolkit"/bin/* "$toolkit"/nvvm/bin/*
  ln -s lib "$toolkit/lib64"
  ln -s libcudart.so.13 "$toolkit/lib/libcudart.so"
fi
rm -rf "$target"
mv "$work/out" "$target"
echo "$list" > "$target/complete"
