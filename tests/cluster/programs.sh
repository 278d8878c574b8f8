#!/usr/bin/env bash
# Builds the programs of a Kubernetes node from Go modules and keeps them under the user's cache: versions and hashes are those of
# programs/go.mod and go.sum. The compiler's own caches (some GB) are removed once all programs are there.
#   programs.sh              all that a node needs: about 10 minutes on two cores, once
#   programs.sh PROGRAM...   only these, for example: programs.sh etcd kube-apiserver kubectl; or kwok, which benchmarks use
#   programs.sh --print-dir  only say where they lie
# JOBS limits how many packages are compiled at once. Interrupted, it goes on where it was.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

declare -A package=(
  [etcd]=./etcd [kube-apiserver]=k8s.io/kubernetes/cmd/kube-apiserver [kubectl]=k8s.io/kubernetes/cmd/kubectl
  [kube-controller-manager]=k8s.io/kubernetes/cmd/kube-controller-manager [kube-scheduler]=k8s.io/kubernetes/cmd/kube-scheduler
  [kubelet]=k8s.io/kubernetes/cmd/kubelet [kube-proxy]=k8s.io/kubernetes/cmd/kube-proxy
  [coredns]=./coredns [helm]=helm.sh/helm/v3/cmd/helm
)

# kwok has versions of its own, and is built only when asked for.
if [[ $* == kwok ]]; then
  package=([kwok]=sigs.k8s.io/kwok/cmd/kwok)
  module=$cluster_scripts/programs/kwok
else
  module=$cluster_scripts/programs
fi

if [[ ${1:-} == --print-dir ]]; then
  echo "$programs_dir"
  exit 0
fi
wanted=("$@")
[[ $# -gt 0 ]] || wanted=("${!package[@]}")
for program in "${wanted[@]}"; do
  [[ -n ${package[$program]:-} ]] || fail "no program '$program'; there are: ${!package[*]}"
done

missing() { # PROGRAM...: those that are not built yet
  local program
  for program in "$@"; do [[ -x $programs_dir/$program ]] || echo "$program"; done
}
[[ -n $(missing "${wanted[@]}") ]] || exit 0

mkdir -p "$programs_dir"
exec 9> "$programs_dir/.lock"
flock --nonblock 9 || { say "another build of these programs is under way; waiting for it"; flock 9; }
mapfile -t wanted < <(missing "${wanted[@]}")
[[ ${#wanted[@]} -gt 0 ]] || exit 0

go=$("$cluster_scripts/go.sh")
work=$programs_dir/.build
mkdir -p "$work/out"
export GOTOOLCHAIN=local GOWORK=off GOFLAGS="-modcacherw -mod=readonly -buildvcs=false -p=${JOBS:-$(nproc)}" CGO_ENABLED=0
export GOCACHE=$work/cache GOMODCACHE=$work/modules GOTMPDIR=$work/out

started=$SECONDS
say "building ${wanted[*]} for Kubernetes $kubernetes_version, once; all of its programs take about 10 minutes on two cores"
packages=()
for program in "${wanted[@]}"; do packages+=("${package[$program]}"); done
(cd "$module" && "$go" build "${build_flags[@]}" -o "$work/out/" "${packages[@]}" 2> >(grep -v '^go: downloading' >&2)) ||
  fail "Kubernetes did not build; the messages are above. What is compiled so far is kept: run $0 again to go on."
for program in "${wanted[@]}"; do mv "$work/out/$program" "$programs_dir/"; done
say "built in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"

[[ -n $(missing "${!package[@]}") ]] || rm -rf "$work"
