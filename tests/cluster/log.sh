#!/usr/bin/env bash
# Shows what the node's components say.
#   log.sh COMPONENT   all of one: etcd containerd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy coredns
#   log.sh --last N    the last N lines of each
#   log.sh --save DIR  copies all
set -euo pipefail
. "$(dirname "$0")/settings.sh"
pid=$(node_pid) || fail "no node runs; start it with: make cluster-up"
logs=/proc/$pid/root/var/log
case ${1:-} in
  --last) tail -n "${2:?usage: log.sh --last N}" "$logs"/*.log ;;
  --save) mkdir -p "${2:?usage: log.sh --save DIR}" && cp "$state_dir/node.log" "$logs"/*.log "$2" ;;
  '') fail "usage: log.sh COMPONENT | --last N | --save DIR" ;;
  *) cat "$logs/$1.log" ;;
esac
