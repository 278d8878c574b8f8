#!/usr/bin/env bash
# Makes the Python environment that parity tests and benches compare with: PyTorch 2.11.0 for the CPU and NumPy, checked by SHA-256,
# once for all clones.
#   python_env.sh [--cuda]           prints the path of its python
#   python_env.sh [--cuda] ARGS...   runs it with these arguments
# --cuda: with CUDA and Triton, to compare with on a GPU (2.6 GB more).
# EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
requirements=("$here/python_env.txt")
flavour=
if [[ ${1:-} == --cuda ]]; then
  shift
  flavour=cuda-
  requirements+=("$here/../../cmake/deps/libtorch-cuda.txt" "$here/python_env_cuda.txt")
fi
version=$(cat "${requirements[@]}" | sha256sum | cut -c1-12)
target=$cache/python-torch-2.11.0-$flavour$version

if [[ ! -f $target/complete ]]; then
  mkdir -p "$cache"
  exec 9>"$cache/python.lock"
  flock 9
fi
# The wheel loads 2.5 GB of CUDA libraries even for work on the CPU, which calls none of them. Empty libraries in their place, and
# symbols that are looked up when first called, make it load.
put_empty_libraries() {
  local packages
  packages=$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
  for library in cublas.so.13 cublasLt.so.13 cudnn.so.9 cufft.so.12 cufile.so.0 curand.so.10 cusparse.so.12 cusparseLt.so.0 \
    nccl.so.2 nvshmem_host.so.3; do
    cc -shared -x c /dev/null -Wl,-soname,"lib$library" -o "$packages/nvidia/cu13/lib/lib$library"
  done
  echo 'import os, sys; sys.setdlopenflags(os.RTLD_LAZY)' > "$packages/lazy_symbols.pth"
}

if [[ ! -f $target/complete ]]; then
  rm -rf "$target"
  echo "Making the Python environment in $target (once)" >&2
  python3 -m venv "$target"
  "$target/bin/python" -m pip install --quiet --require-hashes --no-deps --only-binary=:all: "${requirements[@]/#/--requirement=}" >&2
  [[ -n $flavour ]] || put_empty_libraries
  "$target/bin/python" -c 'import torch' >&2
  touch "$target/complete"
fi
[[ $# -eq 0 ]] || exec "$target/bin/python" "$@" 9>&-
echo "$target/bin/python"
