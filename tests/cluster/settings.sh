# shellcheck shell=bash disable=SC2034  # used where it is sourced
# Names, addresses, folders and limits of the test cluster: the one place for them. Sourced by the scripts beside it.
# Versions are in programs/go.mod, distribution packages in cmake/deps/apt.sh (--cluster).

cluster_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_dir=$(cd "$cluster_scripts/../.." && pwd -P)
cache_dir=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
kubernetes_version=$(sed -nE 's/^\tk8s\.io\/kubernetes v([0-9.]+).*/\1/p' "$cluster_scripts/programs/go.mod")
[[ -n $kubernetes_version ]] || { echo "no k8s.io/kubernetes in $cluster_scripts/programs/go.mod" >&2; exit 1; }

# Programs lie under what they were built from: another version, or other build flags, is another folder.
minor_version=$(cut -d. -f2 <<< "$kubernetes_version")
build_flags=(-trimpath -pgo=off -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$kubernetes_version
  -X k8s.io/component-base/version.gitMajor=${kubernetes_version%%.*} -X k8s.io/component-base/version.gitMinor=$minor_version")
programs_digest=$(cd "$cluster_scripts/programs" && { echo "${build_flags[@]}"; cat go.mod go.sum ./*/*.go; } | sha256sum | cut -c1-12)
programs_dir=$cache_dir/kubernetes-$kubernetes_version/$programs_digest

# Every checkout has a cluster of its own: its name comes from the folder's path, its network from the first free of 64.
cluster=eoa-$(printf %s "$source_dir" | sha256sum | cut -c1-6)
node=$cluster
domain=cluster.local
state_dir=/run/$cluster      # small: certificates, settings, process ids
kubeconfig=$state_dir/kubeconfig
networks=64
set_network() { # NUMBER (0 to 63)
  host_address=10.231.$1.1      # our end of the link to the node
  node_address=10.231.$1.2      # the node's end: API server :6443, DNS :53
  link=10.231.$1.0/30
  pods=10.232.$1.0/24
  services=10.233.$1.0/24
  kubernetes_address=10.233.$1.1
}
api_port=6443

# The node keeps containers and images in memory: gone in an instant, and nothing wears out. At most so much.
node_memory=${EOA_CLUSTER_MEMORY:-60%}

volumes=32           # folders of the node that local volumes are made from
# The network plugins of the distribution's package. A fixed place: what is looked for here is looked for before up.sh installs anything.
cni_dir=${EOA_CNI_DIR:-/usr/lib/cni}

# Images are built and kept in the store, for all checkouts. Archives of them, which nodes load, belong to the checkout.
image_store=$cache_dir/images
image_archives=$source_dir/build/images

# Seconds. Each is several times what two busy cores needed.
link_timeout=20
api_timeout=120
node_timeout=180
pod_timeout=60

say() { echo "cluster: $*"; }
fail() { echo "cluster: $*" >&2; exit 1; }

# Runs this script again as root when it is not; the node needs namespaces, mounts and a network of its own.
need_root() {
  [[ $(id -u) -eq 0 ]] && return
  command -v sudo > /dev/null || fail "a node needs root. Run this as root, or set EOA_E2E_KUBECONFIG to use a cluster of your own."
  exec sudo --preserve-env=EOA_CACHE_DIR,EOA_CNI_DIR,EOA_CLUSTER_MEMORY,EOA_APISERVER_FLAGS,KUBECONFIG,XDG_CACHE_HOME,HOME,PATH "$0" "$@"
}

# The process id of the node's first process, when it is alive and ours.
node_pid() {
  local pid
  pid=$(cat "$state_dir/node.pid" 2> /dev/null) || return 1
  [[ -r /proc/$pid/cmdline ]] &&
    { tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null | grep -qF "$cluster_scripts/node.sh" && echo "$pid"
}

# The folders in which a node needs a cgroup of its own: all hierarchies of version 1, or else the one of version 2.
cgroup_hierarchies() {
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    echo /sys/fs/cgroup
  else
    awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts
  fi
}

# wait_for SECONDS WHAT COMMAND...: polls until COMMAND succeeds; fails after SECONDS, or when a component has ended, and leaves the
# reason in $why.
wait_for() {
  local seconds=$1 deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [[ ! -s $state_dir/died ]] || { why=$(cat "$state_dir/died"); return 1; }
    ((SECONDS < deadline)) || { why="no $what within $seconds s"; return 1; }
    sleep 0.1
  done
}
