#!/usr/bin/env bash
# Lays out LibTorch 2.11.0 (CPU part) from PyPI's wheels under the user's cache, checked by SHA-256, once for all clones.
#   libtorch.sh              fetch and unpack what is missing
#   libtorch.sh --print-dir  only say where it lies
# EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
target=$cache/libtorch-2.11.0

if [[ ${1:-} == --print-dir ]]; then
  echo "$target"
  exit 0
fi
[[ -f $target/complete ]] && exit 0

# libtorch_cpu of this wheel needs libcudart and libcupti at load time even where there is no GPU.
wheels=(
  "torch==2.11.0 7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a"
  "nvidia-cuda-runtime==13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"
  "nvidia-cuda-cupti==13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"
)

mkdir -p "$cache"
exec 9>"$cache/libtorch.lock"
flock 9
[[ -f $target/complete ]] && exit 0

work=$(mktemp -d "$cache/libtorch.XXXXXX")
trap 'rm -rf "$work"' EXIT
requirements=$work/requirements.txt
for wheel in "${wheels[@]}"; do
  read -r name hash <<<"$wheel"
  echo "$name --hash=sha256:$hash" >>"$requirements"
done
echo "Fetching LibTorch 2.11.0 (530 MB)"
# One fixed wheel whatever this machine's Python is: only its C++ libraries are used.
python3 -m pip download --quiet --require-hashes --no-deps --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 --abi none \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 \
  --platform manylinux2014_x86_64 --requirement "$requirements" --dest "$work/wheels"

echo "Unpacking to $target"
python3 - "$work" <<'PYTHON'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
wanted = ("torch/lib/", "torch/include/", "torch/share/", "nvidia/")
for wheel in (work / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "out", [name for name in archive.namelist() if name.startswith(wanted)])
for library in ("libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_python.so", "libtorch_nvshmem.so", "libtorch.so"):
    (work / "out/torch/lib" / library).unlink(missing_ok=True)
PYTHON
rm -rf "$target"
mv "$work/out" "$target"
touch "$target/complete"
