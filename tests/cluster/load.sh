#!/usr/bin/env bash
# Loads image archives (docker-archive or OCI) into this checkout's node, each only when it has changed since.
#   load.sh [ARCHIVE...]     default: those of images.sh
set -euo pipefail
. "$(dirname "$0")/settings.sh"
need_root "$@"
pid=$(node_pid) || fail "no node runs; start it with: make cluster-up"
# The path through the node's root: its /run is its own.
socket=/proc/$pid/root/run/containerd/containerd.sock
wait_for "$api_timeout" "containerd" test -S "$socket" || fail "$why"
[[ $# -gt 0 ]] || set -- "$image_archives/eoa-operator.tar" "$image_archives/eoa-trainer.tar"
mkdir -p "$state_dir/loaded"
for archive in "$@"; do
  [[ -s $archive ]] || fail "no $archive; build it with: make images"
  mark=$state_dir/loaded/$(basename "$archive")
  changed=$(stat --format='%Y %s' "$archive")
  if [[ $(cat "$mark" 2> /dev/null) == "$changed" ]]; then continue; fi
  ctr --address "$socket" --namespace k8s.io images import "$archive" > /dev/null
  echo "$changed" > "$mark"
  say "loaded $(basename "$archive")"
done
