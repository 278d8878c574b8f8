#!/usr/bin/env bash
# Fetches what `eoa report` draws with, Apache ECharts 6.0.0, from the npm registry into the user's cache, checked by SHA-256, once for
# all clones, and prints the folder it lies in. EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

version=6.0.0
sum=5776a250a33c375f794d796f661d7b88ca36ec5fb16dbff374dd25bf5a64b26b
here=$(cd "$(dirname "$0")" && pwd)
cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
target=$cache/echarts-$version
if [[ ! -f $target/complete ]]; then
  mkdir -p "$cache"
  exec 9>"$cache/npm.lock"
  flock 9
fi
if [[ ! -f $target/complete ]]; then
  command -v npm > /dev/null || "$here/apt.sh" --npm >&2
  work=$(mktemp -d "$cache/echarts.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "echarts@$version" > /dev/null)
  echo "$sum  $work/echarts-$version.tgz" | sha256sum --check --quiet >&2
  rm -rf "$target"
  mkdir "$target"
  tar --extract --gzip --file "$work/echarts-$version.tgz" --directory "$target" --strip-components=1 \
    package/dist/echarts.common.min.js package/LICENSE package/NOTICE
  touch "$target/complete"
fi
echo "$target"
