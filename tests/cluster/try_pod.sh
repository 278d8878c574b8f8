#!/usr/bin/env bash
# Runs a pod on this checkout's node: it must get an address from the pod network and be reached there from this machine. Then it is
# removed. Fails with what the kubelet says about it, and containerd when the kubelet says nothing.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
set_network "$(cat "$state_dir/network")"
pod=first-pod
kubectl() { "$programs_dir/kubectl" --kubeconfig "$state_dir/admin.kubeconfig" --namespace default "$@"; }
remove() { kubectl delete pod $pod --ignore-not-found --now "$@" > /dev/null; }

# A pod's address, as soon as the pod runs.
address=
runs() { address=$(kubectl get pod $pod --request-timeout 10s --output 'jsonpath={.status.phase} {.status.podIP}') && [[ $address == "Running "?* ]]; }
# Nothing listens in it: to refuse a connection is its answer.
answers() { [[ $(LC_ALL=C timeout 2 bash -c ": > /dev/tcp/$1/1" 2>&1) == *"Connection refused"* ]]; }

explain() { # WHAT: ends with the reason
  local reasons
  reasons=$(kubectl get events --request-timeout 10s --field-selector "involvedObject.name=$pod,type=Warning" \
    --sort-by .lastTimestamp --output 'jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end}' |
    awk -F: '{last[$1] = $0} END {for (reason in last) print last[reason]}') || true
  [[ -n $reasons ]] || reasons=$("$cluster_scripts/log.sh" containerd | grep -E 'level=(error|fatal)' | tail -n 5) || true
  remove --wait=false || true
  fail "the node is ready, but $1:
${reasons:-no event and no error of containerd; see: $cluster_scripts/log.sh kubelet}"
}

remove --timeout=30s
kubectl create --filename - > /dev/null << POD
apiVersion: v1
kind: Pod
metadata: {name: $pod}
spec:
  automountServiceAccountToken: false
  restartPolicy: Never
  containers: [{name: pause, image: "localhost/pause:1", imagePullPolicy: Never}]
POD
wait_for "$pod_timeout" "pod runs" runs || explain "$why"
address=${address#Running }
[[ $address == "${pods%.*}".* ]] || explain "its pod has the address $address, which is not of the pod network $pods"
wait_for "$pod_timeout" "answer of its pod at $address" answers "$address" || explain "$why"
remove --timeout=30s
say "a pod has run at $address"
