#!/bin/bash
# Runs every libFuzzer program of a build for FUZZ_SECONDS (default 60) each: run.sh BUILD_DIR [NAME...]
# What it finds new lies in BUILD_DIR/fuzz/NAME.found; a crashing input in BUILD_DIR/fuzz/NAME-crash-*.
set -euo pipefail
build=${1:?usage: run.sh BUILD_DIR [NAME...]}
shift
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for list in "$build"/fuzz/*.corpus; do names+=("$(basename "$list" .corpus)"); done
fi
for name in "${names[@]}"; do
  echo "== $name"
  mkdir -p "$build/fuzz/$name.found"
  "$build/fuzz/$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=5 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$build/fuzz/$name-" "$build/fuzz/$name.found" "$(cat "$build/fuzz/$name.corpus")" 2>&1 |
    grep -Ev '^#[0-9]+[[:space:]]+(NEW|REDUCE)|NEW_FUNC|^"|^######'
done
