#!/usr/bin/env bash
# Loads image archives (docker-archive or OCI) into this checkout's node: load.sh ARCHIVE...
set -euo pipefail
. "$(dirname "$0")/settings.sh"
need_root "$@"
[[ ${1:-} != --locked ]] || shift
pid=$(node_pid) || fail "no node runs; start it with: make cluster-up"
# The path through the node's root: its /run is its own.
socket=/proc/$pid/root/run/containerd/containerd.sock
wait_for $api_timeout "containerd" test -S "$socket"
for archive in "$@"; do ctr --address "$socket" --namespace k8s.io images import "$archive"; done
