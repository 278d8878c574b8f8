#!/usr/bin/env bash
# Brings up this checkout's Kubernetes node and returns when pods can run on it: about 15 seconds once its programs are built.
# A node that runs is left as it is; what is left of a dead one is cleared first. Interrupted, nothing stays. README.md tells the design.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
need_root "$@"

unshare --pid --mount --net --uts --ipc --fork true 2> /dev/null ||
  fail "this machine allows no new namespaces. Start a container with --privileged, or set EOA_E2E_KUBECONFIG to a cluster of your own."
"$source_dir/cmake/deps/apt.sh" --cluster
for plugin in bridge host-local loopback portmap; do
  [[ -x $cni_dir/$plugin ]] ||
    fail "no network plugin $cni_dir/$plugin. EOA_CNI_DIR names the folder of bridge, host-local, loopback and portmap; unset, it is /usr/lib/cni."
done
"$cluster_scripts/programs.sh"
[[ -s $image_store/pause.tar ]] || "$cluster_scripts/images.sh" pause

exec 9> "/run/$cluster.lock"
flock --timeout 300 9 || fail "another up or down of this checkout has been at work for five minutes; see: fuser -v /run/$cluster.lock"

if node_pid > /dev/null && [[ -s $state_dir/ready ]]; then
  "$cluster_scripts/kubeconfig.sh" install
  say "runs already"
  exit 0
fi
"$cluster_scripts/down.sh" --locked > /dev/null
exec 3>&2
why=
interrupted() {
  trap - EXIT
  exec 2>&3   # the command that was interrupted may have been a silent one
  trap '' INT TERM   # a second Ctrl-C must not keep the rest from being removed
  tail -n 15 "$state_dir/node.log" >&2 || true
  "$cluster_scripts/log.sh" --last 15 >&2 || true
  "$cluster_scripts/down.sh" --locked >&2
  fail "the node did not come up; its components' last messages are above${why:+
$why}"
}
trap interrupted EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
started=$SECONDS

# The first network that no route of this machine leads to.
preferred=$((16#$(printf %s "$cluster" | sha256sum | cut -c1-2) % networks))
network=
for ((i = 0; i < networks; i++)); do
  set_network $(((preferred + i) % networks))
  if [[ -z $(for range in "$link" "$pods" "$services"; do ip -4 route show root "$range"; done) ]]; then
    network=$(((preferred + i) % networks))
    break
  fi
done
[[ -n $network ]] || fail "10.231.0.0/18 to 10.233.0.0/18 are all in use on this machine; see: ip route"

umask 022
mkdir -p "$state_dir/cni"
"$cluster_scripts/certificates.sh" "$state_dir" "https://$node_address:$api_port" "$node_address" "$node" "$kubernetes_address"
: > "$state_dir/resolv.conf"
for file in containerd.toml kubelet.yaml kube-proxy.yaml Corefile bridge.conflist; do
  sed -e "s|@cluster@|$cluster|g; s|@node_address@|$node_address|g; s|@domain@|$domain|g; s|@pods@|$pods|g" \
    "$cluster_scripts/conf/$file" > "$state_dir/$file"
done
mv "$state_dir/bridge.conflist" "$state_dir/cni/10-bridge.conflist"

# The kubelet wants its own cgroup to be there: in every hierarchy of version 1, or the one of version 2.
for hierarchy in $(cgroup_hierarchies); do
  mkdir -p "$hierarchy/$cluster"
  if [[ -e $hierarchy/$cluster/cpuset.cpus && -e $hierarchy/tasks ]]; then
    for file in cpuset.cpus cpuset.mems; do cat "$hierarchy/$file" > "$hierarchy/$cluster/$file"; done
  fi
  if [[ -e $hierarchy/cgroup.subtree_control ]]; then
    for controller in $(cat "$hierarchy/cgroup.controllers"); do
      echo "+$controller" > "$hierarchy/cgroup.subtree_control" 2> /dev/null || true
    done
  fi
done

setsid unshare --pid --mount --net --uts --ipc --fork --propagation private --kill-child=KILL \
  "$cluster_scripts/node.sh" > "$state_dir/node.log" 2>&1 < /dev/null 3>&- 9>&- &
wait_for "$link_timeout" "namespaces for the node" test -s "$state_dir/node.pid"
ip link add "$cluster-h" type veth peer name "$cluster-n" netns "$(cat "$state_dir/node.pid")"
ip addr add "$host_address/30" dev "$cluster-h"
ip link set "$cluster-h" up
ip route add "$pods" via "$node_address"
ip route add "$services" via "$node_address"
echo $network > "$state_dir/network"

kubectl() { "$programs_dir/kubectl" --kubeconfig "$state_dir/admin.kubeconfig" "$@"; }
wait_for "$api_timeout" "API server" kubectl get --raw /readyz
{
  cat "$cluster_scripts/conf/objects.yaml"
  for ((i = 0; i < volumes; i++)); do
    cat << VOLUME
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local-$i}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: /var/volumes/$i}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$node]}]}]}}
VOLUME
  done
} | kubectl apply --server-side -f - > /dev/null
touch "$state_dir/objects"
"$cluster_scripts/load.sh" "$image_store/pause.tar" > /dev/null
wait_for "$node_timeout" "node" kubectl get node "$node"
kubectl wait --for=condition=Ready "node/$node" --timeout="${node_timeout}s" > /dev/null
wait_for "$node_timeout" "default service account" kubectl -n default get serviceaccount default
tried=$("$cluster_scripts/try_pod.sh" 2>&1) || { why=$tried; exit 1; }

echo "$SECONDS" > "$state_dir/ready"
trap - EXIT
"$cluster_scripts/kubeconfig.sh" install
say "${tried#cluster: }"
say "Kubernetes $kubernetes_version is ready after $((SECONDS - started)) s"
