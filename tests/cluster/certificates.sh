#!/usr/bin/env bash
# Certificates, the service accounts' key and a kubeconfig for each component, all new and valid for a month.
#   certificates.sh DIR SERVER_URL ADDRESS NODE      SERVER_URL: https://ADDRESS:PORT; NODE: the node's name
# writes DIR/pki/*.{crt,key} and DIR/*.kubeconfig (admin and the components).
set -euo pipefail
directory=$1 server=$2 address=$3 node=$4
days=30
umask 077
mkdir -p "$directory/pki"
cd "$directory/pki"

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

new_key ca
openssl req -x509 -new -key ca.key -subj "/CN=$node-ca" -days $days -sha256 -out ca.crt \
  -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null

# certificate NAME SUBJECT USAGE [SUBJECT_ALTERNATIVE_NAMES]
certificate() {
  new_key "$1"
  openssl req -new -key "$1.key" -subj "$2" 2> /dev/null | openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -sha256 \
    -extfile <(printf '%s\n' basicConstraints=critical,CA:false keyUsage=critical,digitalSignature "extendedKeyUsage=$3" \
      ${4:+"subjectAltName=$4"}) -out "$1.crt" 2> /dev/null
}
service=kubernetes.default.svc
certificate apiserver /CN=kube-apiserver serverAuth \
  "DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$address${5:+,IP:$5}"
certificate kubelet-server "/CN=$node" serverAuth "DNS:$node,IP:$address"
certificate apiserver-to-kubelet /O=system:masters/CN=apiserver-to-kubelet clientAuth
certificate front-proxy /CN=front-proxy-client clientAuth
# Tokens are signed with RSA, as those of kubeadm's clusters are.
openssl genrsa -out service-accounts.key 2048 2> /dev/null
openssl rsa -in service-accounts.key -pubout -out service-accounts.pub 2> /dev/null

# user NAME SUBJECT: a client certificate and the kubeconfig that carries it.
user() {
  certificate "$1" "$2" clientAuth
  cat > "../$1.kubeconfig" << KUBECONFIG
apiVersion: v1
kind: Config
clusters:
- name: $node
  cluster: {server: "$server", certificate-authority-data: $(base64 -w0 < ca.crt)}
users:
- name: $node-$1
  user: {client-certificate-data: $(base64 -w0 < "$1.crt"), client-key-data: $(base64 -w0 < "$1.key")}
contexts:
- name: $node
  context: {cluster: $node, user: $node-$1}
current-context: $node
KUBECONFIG
}
user admin /O=system:masters/CN=admin
user kubelet "/O=system:nodes/CN=system:node:$node"
for component in kube-controller-manager kube-scheduler kube-proxy coredns; do user $component "/CN=system:$component"; done
