#!/usr/bin/env bash
# The node's first process: PID 1 of namespaces of its own (pid, mount, net, uts, ipc), started by up.sh. Whatever it starts, mounts or
# writes goes with it when it is killed; it ends by no other way. All mounts here are seen by the node only.
set -uo pipefail
. "$(dirname "$0")/settings.sh"
read -r pid _ < /proc/self/stat   # /proc is still the machine's: our number as the machine sees it
echo "$pid" > "$state_dir/node.pid"
died() { echo "the node did not start: $1; see $state_dir/node.log" > "$state_dir/died"; sleep infinity; }
trap 'died "line $LINENO: $BASH_COMMAND"' ERR
set -E
for ((i = 0; i < link_timeout * 20; i++)); do [[ -s $state_dir/network ]] && break; sleep 0.05; done
set_network "$(cat "$state_dir/network")"

hostname "$node"
mount -t proc proc /proc

# /run and /var are new and in memory; the programs and the state stay reachable at fixed places below /run/eoa. /mnt is the way there,
# since the folders that are to be shown may themselves lie below /run or /var.
mount -t tmpfs -o "mode=755,size=$node_memory" tmpfs /mnt
mkdir -p /mnt/run/{eoa/bin,eoa/cni,eoa/state,lock,netns,containerd} /mnt/var/{cache,tmp,log/pods,log/containers,lib/etcd,lib/kubelet,lib/cni}
ln -s /run /mnt/var/run
chmod 1777 /mnt/var/tmp
for ((i = 0; i < volumes; i++)); do mkdir -p "/mnt/var/volumes/$i"; done
mount --bind "$programs_dir" /mnt/run/eoa/bin
mount --bind "$cni_dir" /mnt/run/eoa/cni
mount --bind "$state_dir" /mnt/run/eoa/state
mount --rbind /mnt/run /run
mount --rbind /mnt/var /var
bin=/run/eoa/bin state=/run/eoa/state pki=/run/eoa/state/pki

# This network's own /sys, with the machine's cgroups carried over.
mkdir /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount -R /run/cgroup
# Last: what kubelet and runc need. Any earlier, and the umount above would have reached /sys/fs/cgroup too.
mount --make-rshared /

ip link set lo up
ip addr add "$node_address/30" dev "$cluster-n"
ip link set "$cluster-n" up
# No default route, so nothing gets out. An address of a Service needs some route before kube-proxy's rules can turn it into a pod's.
ip route add "$services" dev "$cluster-n"
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables 2> /dev/null || true
ulimit -n 65536 2> /dev/null || ulimit -n "$(ulimit -Hn)"
set +E
trap - ERR

declare -A component   # process id: name
run() { # NAME COMMAND...
  local name=$1
  shift
  "$@" > "/var/log/$name.log" 2>&1 < /dev/null &
  component[$!]=$name
}

run etcd $bin/etcd --name "$node" --data-dir /var/lib/etcd --unsafe-no-fsync --log-outputs stderr \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster "$node=http://127.0.0.1:2380" --quota-backend-bytes 2147483648
run containerd containerd --config $state/containerd.toml
# shellcheck disable=SC2086  # flags are separated by spaces
run kube-apiserver $bin/kube-apiserver \
  --etcd-servers=http://127.0.0.1:2379 --bind-address="$node_address" --advertise-address="$node_address" --secure-port=$api_port \
  --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key --client-ca-file=$pki/ca.crt \
  --kubelet-client-certificate=$pki/apiserver-to-kubelet.crt --kubelet-client-key=$pki/apiserver-to-kubelet.key \
  --kubelet-certificate-authority=$pki/ca.crt --kubelet-preferred-address-types=InternalIP \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --service-cluster-ip-range="$services" \
  --service-account-issuer="https://kubernetes.default.svc.$domain" \
  --service-account-key-file=$pki/service-accounts.pub --service-account-signing-key-file=$pki/service-accounts.key \
  --requestheader-client-ca-file=$pki/ca.crt --requestheader-allowed-names=front-proxy-client \
  --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
  --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file=$pki/front-proxy.crt --proxy-client-key-file=$pki/front-proxy.key --profiling=false ${EOA_APISERVER_FLAGS:-}

ready() { $bin/kubectl --kubeconfig $state/admin.kubeconfig --request-timeout 2s get --raw /readyz > /dev/null 2>&1; }
for ((i = 0; i < api_timeout * 10; i++)); do ready && break; sleep 0.1; done

run kube-controller-manager $bin/kube-controller-manager --kubeconfig=$state/kube-controller-manager.kubeconfig \
  --authentication-kubeconfig=$state/kube-controller-manager.kubeconfig \
  --authorization-kubeconfig=$state/kube-controller-manager.kubeconfig \
  --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials=true --kube-api-qps=200 --kube-api-burst=400 \
  --service-account-private-key-file=$pki/service-accounts.key --root-ca-file=$pki/ca.crt \
  --cluster-signing-cert-file=$pki/ca.crt --cluster-signing-key-file=$pki/ca.key \
  --allocate-node-cidrs=true --cluster-cidr="$pods" --node-cidr-mask-size=24 --service-cluster-ip-range="$services"
run kube-scheduler $bin/kube-scheduler --kubeconfig=$state/kube-scheduler.kubeconfig \
  --authentication-kubeconfig=$state/kube-scheduler.kubeconfig --authorization-kubeconfig=$state/kube-scheduler.kubeconfig \
  --bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=200 --kube-api-burst=400
for ((i = 0; i < 200; i++)); do [[ -S /run/containerd/containerd.sock ]] && break; sleep 0.05; done
run kubelet $bin/kubelet --config=$state/kubelet.yaml --kubeconfig=$state/kubelet.kubeconfig \
  --hostname-override="$node" --node-ip="$node_address"
run kube-proxy $bin/kube-proxy --config=$state/kube-proxy.yaml --hostname-override="$node"
# CoreDNS may read the API from when up.sh has created its role.
for ((i = 0; i < api_timeout * 10; i++)); do [[ -e $state/objects ]] && break; sleep 0.1; done
run coredns $bin/coredns -conf $state/Corefile

# Reap whatever ends, orphans of containers among it, and say so when it is one of ours.
while :; do
  ended=
  wait -n -p ended
  status=$?
  if [[ -z $ended ]]; then sleep 1; continue; fi
  [[ -n ${component[$ended]:-} ]] || continue
  echo "${component[$ended]} ended with status $status; its log: $cluster_scripts/log.sh ${component[$ended]}" >> $state/died
done
