#!/usr/bin/env bash
# Makes plain `kubectl` talk to this checkout's cluster, as far as nothing of the user's own is touched.
#   kubeconfig.sh install   writes ~/.kube/config and ~/.kube/kuberc where there are none, and links kubectl into /usr/local/bin when
#                           there is none, or one that is too old for this cluster (more than one minor release apart)
#   kubeconfig.sh remove    takes away what install made
set -euo pipefail
. "$(dirname "$0")/settings.sh"
default=$HOME/.kube/config
preferences=$HOME/.kube/kuberc
mark="# Of EOA's test cluster; goes with it."
link=/usr/local/bin/kubectl
owner=(${SUDO_UID:+-o "$SUDO_UID"} ${SUDO_GID:+-g "$SUDO_GID"})

# The default configuration knows this cluster and no other.
ours() {
  [[ -f $default && $("$programs_dir/kubectl" --kubeconfig "$default" config get-contexts --output name 2> /dev/null) == "$cluster" ]]
}

minor() { "$1" version --client --output json 2> /dev/null | sed -nE 's/.*"gitVersion": "v1\.([0-9]+).*/\1/p'; }

fits() { # KUBECTL
  local its ours
  its=$(minor "$1") ours=$(minor "$programs_dir/kubectl")
  [[ -n $its ]] && ((its - ours <= 1 && ours - its <= 1))
}

install_all() {
  install -m 600 "${owner[@]}" "$state_dir/admin.kubeconfig" "$kubeconfig"
  if [[ -z ${KUBECONFIG:-} ]] && { [[ ! -s $default ]] || ours; }; then
    [[ -d $HOME/.kube ]] || install -d -m 750 "${owner[@]}" "$HOME/.kube"
    install -m 600 "${owner[@]}" "$state_dir/admin.kubeconfig" "$default"
    say "kubectl uses this cluster now ($default)"
    if [[ ! -e $preferences ]]; then
      # kubectl's own default, 30 seconds, is less than any training takes.
      cat > "$preferences" << PREFERENCES
$mark
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: wait
  options:
  - {name: timeout, default: 30m}
PREFERENCES
      [[ ${#owner[@]} -eq 0 ]] || chown "$SUDO_UID" "$preferences"
      say "kubectl wait waits up to 30 minutes ($preferences)"
    fi
  elif [[ ${KUBECONFIG:-} != "$kubeconfig" ]]; then
    say "your kubectl uses another cluster; for this one: export KUBECONFIG=$kubeconfig"
  fi
  local found
  found=$(command -v kubectl || true)
  if [[ -z $found ]] || { [[ $found != "$link" ]] && ! fits "$found"; }; then
    ln -sfn "$programs_dir/kubectl" $link
    touch "$state_dir/linked-kubectl"
    say "linked kubectl ${kubernetes_version} into $(dirname $link)${found:+, since $found is too old for this cluster}"
  fi
}

remove_all() {
  if ours; then
    rm -rf "$default" "$HOME/.kube/cache"
    if [[ $(head -n 1 "$preferences" 2> /dev/null) == "$mark" ]]; then rm "$preferences"; fi
    rmdir "$HOME/.kube" 2> /dev/null || true
  fi
  if [[ -e $state_dir/linked-kubectl && $(readlink $link) == "$cache_dir/kubernetes-"* ]]; then rm -f $link; fi
}

case ${1:-} in
  install) install_all ;;
  remove) remove_all ;;
  *) fail "usage: $0 install | remove" ;;
esac
