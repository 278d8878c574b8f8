#!/usr/bin/env bash
# Makes plain `kubectl` talk to this checkout's cluster, as far as nothing of the user's own is touched.
#   kubeconfig.sh install   writes ~/.kube/config when there is none, links kubectl into /usr/local/bin when there is none
#   kubeconfig.sh remove    takes away what install made
set -euo pipefail
. "$(dirname "$0")/settings.sh"
default=$HOME/.kube/config
link=/usr/local/bin/kubectl

# The default configuration knows this cluster and no other.
ours() { [[ -f $default && $("$programs_dir/kubectl" --kubeconfig "$default" config get-contexts --output name 2> /dev/null) == "$cluster" ]]; }

case ${1:-} in
  install)
    install -m 600 ${SUDO_UID:+-o "$SUDO_UID"} "$state_dir/admin.kubeconfig" "$kubeconfig"
    if [[ -z ${KUBECONFIG:-} ]] && { [[ ! -s $default ]] || ours; }; then
      [[ -d $HOME/.kube ]] || install -d -m 750 ${SUDO_UID:+-o "$SUDO_UID"} "$HOME/.kube"
      install -m 600 ${SUDO_UID:+-o "$SUDO_UID"} "$state_dir/admin.kubeconfig" "$default"
      say "kubectl uses this cluster now ($default)"
    elif [[ ${KUBECONFIG:-} != "$kubeconfig" ]]; then
      say "your kubectl uses another cluster; for this one: export KUBECONFIG=$kubeconfig"
    fi
    if ! command -v kubectl > /dev/null; then
      ln -sfn "$programs_dir/kubectl" $link
      say "linked kubectl into $(dirname $link)"
    fi
    ;;
  remove)
    if ours; then
      rm -rf "$default" "$HOME/.kube/cache"
      rmdir "$HOME/.kube" 2> /dev/null || true
    fi
    if [[ $(readlink $link) == "$cache_dir/kubernetes-"* ]]; then rm -f $link; fi
    ;;
  *)
    fail "usage: $0 install | remove"
    ;;
esac
