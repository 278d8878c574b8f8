#!/usr/bin/env bash
# Runs every bench of a release build, one after the other, and prints their JSON: run.sh BUILD_DIR [NAME...]
# Nothing else should run meanwhile. Results that are quoted lie in docs/benchmarks.
set -euo pipefail
build=${1:?usage: run.sh BUILD_DIR [NAME...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
names=("$@")
[[ ${#names[@]} -gt 0 ]] || names=(boundary broker checkpoint data load operator restart step store)
for name in "${names[@]}"; do
  echo "== $name"
  case $name in
    boundary) python3 "$here/boundary/boundary.py" "$build" ;;
    broker) "$build/bin/bench_broker" ;;
    checkpoint) python3 "$here/checkpoint/checkpoint.py" "$build" ;;
    data) "$build/bin/bench_data" ;;
    load) "$here/../parity/python_env.sh" "$here/load/load.py" "$build" ;;
    restart) python3 "$here/restart/restart.py" "$build" ;;
    store) "$build/bin/bench_store" ;;
    operator) "$here/../../cmake/deps/apt.sh" --bench && python3 "$here/operator/operator.py" "$build" ;;
    first-step) python3 "$here/operator/first_step.py" ;;   # needs a cluster: make cluster-up && kubectl apply -k manifests
    step) "$here/../parity/python_env.sh" "$here/step/step.py" "$build" ;;
    *) echo "no bench named $name" >&2; exit 2 ;;
  esac
done
