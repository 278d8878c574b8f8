#!/usr/bin/env bash
# Prints the folder of prometheus and promtool: the distribution's own, or its package unpacked into the user's cache. Not installed,
# since the package would start a server.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
if command -v prometheus > /dev/null && command -v promtool > /dev/null; then
  dirname "$(command -v prometheus)"
  exit 0
fi
. /etc/os-release
folder=$cache_dir/prometheus-$ID-$VERSION_ID
mkdir -p "$cache_dir"
exec 9> "$cache_dir/prometheus.lock"
flock 9
if [[ ! -x $folder/usr/bin/promtool ]]; then
  work=$(mktemp -d "$cache_dir/prometheus.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  download() { (cd "$work" && apt-get download -q prometheus); }
  { download || { "$source_dir/cmake/deps/apt.sh" --lists && download; }; } > "$work/log" 2>&1 ||
    { tail -n 5 "$work/log" >&2; fail "could not download the package prometheus. Install it, or put prometheus and promtool on PATH."; }
  dpkg-deb --extract "$work"/prometheus_*.deb "$work/out"
  rm -rf "$folder"
  mv "$work/out" "$folder"
fi
echo "$folder/usr/bin"
