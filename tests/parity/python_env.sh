#!/usr/bin/env bash
# Makes the Python environment that parity tests and benches compare with: PyTorch 2.11.0 for the CPU and NumPy, checked by SHA-256,
# once for all clones.
#   python_env.sh           prints the path of its python
#   python_env.sh ARGS...   runs it with these arguments
# EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
version=$(sha256sum "$here/python_env.txt" | cut -c1-12)
target=$cache/python-torch-2.11.0-$version

if [[ ! -f $target/complete ]]; then
  mkdir -p "$cache"
  exec 9>"$cache/python.lock"
  flock 9
fi
if [[ ! -f $target/complete ]]; then
  rm -rf "$target"
  echo "Making the Python environment in $target (once)" >&2
  python3 -m venv "$target"
  "$target/bin/python" -m pip install --quiet --require-hashes --no-deps --only-binary=:all: --requirement "$here/python_env.txt" >&2
  # The wheel loads 2.5 GB of CUDA libraries even for work on the CPU, which calls none of them. Empty libraries in their place, and
  # symbols that are looked up when first called, make it load.
  packages=$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
  for library in cublas.so.13 cublasLt.so.13 cudnn.so.9 cufft.so.12 cufile.so.0 curand.so.10 cusparse.so.12 cusparseLt.so.0 \
    nccl.so.2 nvshmem_host.so.3; do
    cc -shared -x c /dev/null -Wl,-soname,"lib$library" -o "$packages/nvidia/cu13/lib/lib$library"
  done
  echo 'import os, sys; sys.setdlopenflags(os.RTLD_LAZY)' > "$packages/lazy_symbols.pth"
  "$target/bin/python" -c 'import torch' >&2
  touch "$target/complete"
fi
[[ $# -eq 0 ]] || exec "$target/bin/python" "$@" 9>&-
echo "$target/bin/python"
