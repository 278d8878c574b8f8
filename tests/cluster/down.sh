#!/usr/bin/env bash
# Takes this checkout's node down and removes all that it made on this machine. Safe at any time, also on nothing.
set -uo pipefail
. "$(dirname "$0")/settings.sh"
need_root "$@"

if [[ ${1:-} != --locked ]]; then
  exec 9> "/run/$cluster.lock"
  flock --timeout 300 9 || fail "another up or down of this checkout has been at work for five minutes; see: fuser -v /run/$cluster.lock"
fi

"$cluster_scripts/kubeconfig.sh" remove
if pid=$(node_pid); then
  # The kernel ends every process of its pid namespace with it, then its mounts, network and firewall rules go.
  kill -KILL "$pid"
  for ((i = 0; i < 400; i++)); do [[ -d /proc/$pid ]] || break; sleep 0.05; done
  [[ ! -d /proc/$pid ]] || fail "the node's first process $pid does not end; look at its children: pstree -p $pid"
fi
ip link del "$cluster-h" 2> /dev/null   # when a node was killed before it got its end

left=()
for hierarchy in $(cgroup_hierarchies); do
  for ((i = 0; i < 200; i++)); do
    [[ -d $hierarchy/$cluster ]] || break
    find "$hierarchy/$cluster" -depth -type d -exec rmdir {} + 2> /dev/null
    [[ ! -d $hierarchy/$cluster ]] || sleep 0.05
  done
  [[ ! -d $hierarchy/$cluster ]] || left+=("$hierarchy/$cluster")
done
[[ ${#left[@]} -eq 0 ]] || fail "processes are left in ${left[*]}; see their cgroup.procs"
rm -rf --one-file-system "$state_dir"
[[ ${1:-} == --locked ]] || rm -f "/run/$cluster.lock"
say "down"
