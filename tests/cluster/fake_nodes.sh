#!/usr/bin/env bash
# Runs a command while COUNT fake nodes take part in the cluster of $KUBECONFIG: their pods turn Running without running anything (kwok).
#   fake_nodes.sh COUNT COMMAND...
# For benchmarks of many pods. A pod goes there with nodeSelector {eoa.io/fake: "true"} and a toleration of the taint eoa.io/fake.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
count=${1:?usage: fake_nodes.sh COUNT COMMAND...}
shift
export KUBECONFIG=${KUBECONFIG:-$kubeconfig}
"$cluster_scripts/programs.sh" kwok
kubectl=$programs_dir/kubectl

work=$(mktemp -d)
kwok=
end() {
  [[ -z $kwok ]] || kill "$kwok"
  "$kubectl" delete nodes --selector eoa.io/fake=true --wait=false > /dev/null || true
  rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for ((i = 0; i < count; i++)); do
  cat << NODE
---
apiVersion: v1
kind: Node
metadata:
  name: fake-$i
  labels: {eoa.io/fake: "true", kubernetes.io/hostname: fake-$i, kubernetes.io/os: linux, kubernetes.io/arch: amd64}
spec:
  taints: [{key: eoa.io/fake, effect: NoSchedule}]
status:
  allocatable: {cpu: "1000", memory: 1Ti, pods: "1000"}
  capacity: {cpu: "1000", memory: 1Ti, pods: "1000"}
NODE
done | "$kubectl" apply --server-side -f - > /dev/null
setpriv --pdeathsig TERM "$programs_dir/kwok" --kubeconfig "$KUBECONFIG" --manage-nodes-with-label-selector eoa.io/fake=true \
  > "$work/kwok.log" 2>&1 < /dev/null &
kwok=$!
"$kubectl" wait --for=condition=Ready nodes --selector eoa.io/fake=true --timeout=60s > /dev/null ||
  { tail -n 20 "$work/kwok.log" >&2; fail "the fake nodes did not become ready; kwok's last messages are above"; }
status=0
"$@" || status=$?
exit $status
