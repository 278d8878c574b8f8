#!/usr/bin/env bash
# run.sh BUILD_DIR_OR_ARCHIVE test|bench|jobs|shell COMMAND...: runs the GPU tests, benches of steps or benches of whole jobs on this machine, with the LibTorch that the
# programs were built with, or else with that of this machine's PyTorch, which must be of the same version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
from=${1:?usage: run.sh BUILD_DIR_OR_ARCHIVE test|bench|jobs|shell COMMAND...}
what=${2:?usage: run.sh BUILD_DIR_OR_ARCHIVE test|bench|jobs|shell COMMAND...}
shift 2
if [[ -f $from ]]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  tar --extract --gzip --file "$from" --directory "$build"
  site=$(python3 -c 'import pathlib, torch; assert torch.__version__.startswith("2.11.0"), torch.__version__; print(pathlib.Path(torch.__file__).parents[1])')
  libraries=$build/lib:$site/torch/lib
  for folder in "$site"/nvidia/*/lib; do libraries+=:$folder; done
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
else
  build=$from
fi
case $what in
  test) python3 "$here/gpu_run_test.py" "$build" "$@" ;;
  bench) python3 "$here/../bench/gpu/gpu_bench.py" "$build" "$@" ;;
  jobs) python3 "$here/../bench/gpu/gpu_jobs.py" "$build" "$@" ;;
  shell) BUILD=$build bash -c "$*" ;;
  *) echo "run.sh: no '$what'" >&2; exit 2 ;;
esac
