#!/usr/bin/env bash
# Installs the distribution's packages that EOA builds and tests with (Debian 12, Ubuntu 24.04). Does nothing when all are there.
#   apt.sh            to build and run the tests     apt.sh --cluster  to run a Kubernetes node and build images
#   apt.sh --lint     clang's tools                  apt.sh --go       to build a node's programs, where no Go is installed
#   apt.sh --bench    load generators of benchmarks  apt.sh --browser  a browser that tests look at reports with
#   apt.sh --lists    installs nothing; apt knows afterwards what there is to download
set -euo pipefail

packages=(
  g++ cmake ninja-build ccache mold pkg-config ca-certificates
  nlohmann-json3-dev libcpprest-dev libboost-dev libssl-dev libyaml-dev libcli11-dev libarchive-dev
  prometheus-cpp-dev
  libjpeg-dev libpng-dev libwebp-dev libgif-dev libdeflate-dev libgloo-dev libgtest-dev libgmock-dev
  python3 python3-pip python3-venv
)
if [[ ${1:-} == --lint ]]; then
  packages=(clang clang-format clang-tidy libomp-dev shellcheck)
elif [[ ${1:-} == --go ]]; then
  packages=(golang-go)
elif [[ ${1:-} == --browser ]]; then
  packages=()
  if ! command -v chromedriver > /dev/null; then
    packages=(chromium chromium-driver)
    if grep -q '^ID=ubuntu' /etc/os-release; then
      echo "Ubuntu has Chromium as a snap only, which may not read what tests write. Please install Google Chrome and its chromedriver." >&2
      exit 1
    fi
  fi
elif [[ ${1:-} == --lists ]]; then
  packages=()
elif [[ ${1:-} == --bench ]]; then
  packages=(wrk util-linux)
elif [[ ${1:-} == --cluster ]]; then
  packages=(containernetworking-plugins)
  # By program: Docker's packages bring some of these under other names, and Debian's would replace them.
  for pair in containerd:containerd ctr:containerd runc:runc buildah:buildah debootstrap:debootstrap ip:iproute2 nft:nftables \
      openssl:openssl; do
    command -v "${pair%:*}" > /dev/null || packages+=("${pair#*:}")
  done
elif [[ $# -gt 0 ]]; then
  echo "usage: $0 [--lint | --go | --cluster | --bench | --browser | --lists]" >&2
  exit 2
fi

missing=()
for package in "${packages[@]}"; do
  # A package may also be provided by a program that is installed by other means, as python3 often is.
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 && ${1:-} != --lists ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "Please run as root: apt-get update && apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
[[ ${#missing[@]} -gt 0 ]] || exit 0
echo "Installing: ${missing[*]}"
# A machine that has just started may be at its own updates.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
  -o DPkg::Lock::Timeout=600 "${missing[@]}"
