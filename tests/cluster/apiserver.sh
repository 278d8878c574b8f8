#!/usr/bin/env bash
# A real API server with its etcd and nothing else: for what needs the API but no pods. Needs no root; ports are free ones of the loopback.
#   apiserver.sh run COMMAND...   starts both, runs COMMAND with KUBECONFIG set and kubectl first on PATH, stops both; exits as COMMAND did
#   apiserver.sh start DIR        starts both and returns when they are ready; DIR/admin.kubeconfig is for cluster administrators
#   apiserver.sh stop DIR         stops both and removes DIR
# No controllers run: nothing collects garbage, default ServiceAccounts do not appear. Each start is empty and apart from all others.
# EOA_APISERVER_FLAGS: more flags for kube-apiserver.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

start() { # DIR [COMMAND PREFIX]: both run behind the prefix
  local directory=$1 ports etcd_port peer_port port
  shift
  "$cluster_scripts/programs.sh" etcd kube-apiserver kubectl
  mkdir -p "$directory"
  directory=$(cd "$directory" && pwd -P)
  [[ ! -e $directory/pids ]] || fail "$directory is in use; stop it first: $0 stop $directory"
  # A free port may be taken before it is used: then once more, with others.
  for _ in 1 2 3; do
    ports=$(python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
    read -r etcd_port peer_port port <<< "$ports"
    "$cluster_scripts/certificates.sh" "$directory" "https://127.0.0.1:$port" 127.0.0.1 "apiserver-$port"
    "$@" "$programs_dir/etcd" --name apiserver --data-dir "$directory/etcd" --unsafe-no-fsync \
      --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
      --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
      --initial-cluster "apiserver=http://127.0.0.1:$peer_port" --log-outputs stderr > "$directory/etcd.log" 2>&1 < /dev/null &
    echo "$! $programs_dir/etcd" > "$directory/pids"
    disown
    # shellcheck disable=SC2086  # flags are separated by spaces
    "$@" "$programs_dir/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$port" \
      --advertise-address 127.0.0.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.233.255.0/24 \
      --tls-cert-file "$directory/pki/apiserver.crt" --tls-private-key-file "$directory/pki/apiserver.key" \
      --client-ca-file "$directory/pki/ca.crt" --authorization-mode RBAC --profiling=false \
      --service-account-issuer "https://kubernetes.default.svc.$domain" --service-account-key-file "$directory/pki/service-accounts.pub" \
      --service-account-signing-key-file "$directory/pki/service-accounts.key" \
      --disable-admission-plugins ServiceAccount ${EOA_APISERVER_FLAGS:-} > "$directory/kube-apiserver.log" 2>&1 < /dev/null &
    echo "$! $programs_dir/kube-apiserver" >> "$directory/pids"
    disown
    if wait_ready "$directory"; then return; fi
    end "$directory"
    rm -rf "$directory/etcd"
  done
  tail -n 15 "$directory"/*.log >&2
  fail "the API server did not start; its last messages are above"
}

alive() { # DIR: both processes run
  local pid program
  while read -r pid program; do kill -0 "$pid" 2> /dev/null || return 1; done < "$1/pids"
}

kubectl_of() { "$programs_dir/kubectl" --kubeconfig "$1/admin.kubeconfig" --request-timeout 5s "${@:2}"; } # DIR ARGUMENTS

wait_ready() { # DIR
  local deadline=$((SECONDS + api_timeout))
  sleep 0.5
  until kubectl_of "$1" get --raw /readyz > /dev/null 2>&1 && kubectl_of "$1" get namespace default > /dev/null 2>&1; do
    alive "$1" && ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

end() { # DIR: the API server first; etcd would otherwise be waited for by it
  local pid program
  [[ -e $1/pids ]] || return 0
  while read -r pid program; do
    if [[ $(readlink "/proc/$pid/exe" 2> /dev/null) == "$program" ]]; then kill -KILL "$pid"; fi
    for _ in {1..100}; do [[ -d /proc/$pid && $(readlink "/proc/$pid/exe" 2> /dev/null) == "$program" ]] || break; sleep 0.05; done
  done < <(tac "$1/pids")
  rm -f "$1/pids"
}

case ${1:-} in
  start)
    [[ $# -eq 2 ]] || fail "usage: $0 start DIR"
    start "$2" setsid
    say "KUBECONFIG=$(cd "$2" && pwd -P)/admin.kubeconfig"
    ;;
  stop)
    [[ $# -eq 2 && -n $2 ]] || fail "usage: $0 stop DIR"
    end "$2"
    [[ ! -d $2/pki ]] || rm -rf "$2"
    ;;
  run)
    shift
    [[ $# -gt 0 ]] || fail "usage: $0 run COMMAND..."
    directory=$(mktemp -d "${TMPDIR:-/tmp}/apiserver.XXXXXX")
    trap 'end "$directory"; rm -rf "$directory"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # The kernel ends both even when this script is killed.
    start "$directory" setpriv --pdeathsig KILL
    status=0
    KUBECONFIG=$directory/admin.kubeconfig PATH=$programs_dir:$PATH "$@" || status=$?
    exit $status
    ;;
  *)
    fail "usage: $0 run COMMAND... | start DIR | stop DIR"
    ;;
esac
