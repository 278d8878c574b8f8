#!/usr/bin/env bash
# pack.sh BUILD_DIR ARCHIVE: what a GPU machine needs to run the GPU tests and benches of a CUDA build, in one file: the programs and
# the distribution's libraries that they load. LibTorch and CUDA are not in it: run.sh takes those of the machine's own PyTorch.
set -euo pipefail
build=${1:?usage: pack.sh BUILD_DIR ARCHIVE}
archive=${2:?usage: pack.sh BUILD_DIR ARCHIVE}
programs=(eoa eoa-trainer eoa-trainer-worker bench_step gpu_test)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/lib"
for program in "${programs[@]}"; do
  cp "$build/bin/$program" "$work/bin/"
  strip "$work/bin/$program"
done
# Every glibc system has these, and other versions must not be mixed.
system='^(libc|libm|libdl|libpthread|librt|libutil|ld-linux.*|libgcc_s|libstdc\+\+|libssl|libcrypto|libz)\.so'
ldd "${programs[@]/#/$work/bin/}" | awk '$3 ~ /^\/(usr\/)?lib/ {print $3}' | sort -u | while read -r library; do
  [[ $(basename "$library") =~ $system ]] || cp "$library" "$work/lib/"
done
tar --create --gzip --file "$archive" --directory "$work" bin lib
