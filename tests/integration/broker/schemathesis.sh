#!/usr/bin/env bash
# Runs schemathesis, which sends an HTTP server what its OpenAPI document allows and what it does not, and compares the answers with the
# document. From PyPI, checked by SHA-256, once for all clones.
#   schemathesis.sh ARGS...
# EOA_CACHE_DIR moves the cache (default ~/.cache/eoa).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${EOA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/eoa}
target=$cache/python-schemathesis-$(sha256sum "$here/schemathesis.txt" | cut -c1-12)
mkdir -p "$cache"
if [[ ! -f $target/complete ]]; then
  exec 9>"$cache/python.lock"
  flock 9
fi
if [[ ! -f $target/complete ]]; then
  rm -rf "$target"
  echo "Making the Python environment in $target (once)" >&2
  python3 -m venv "$target"
  "$target/bin/python" -m pip install --quiet --require-hashes --no-deps --only-binary=:all: --requirement "$here/schemathesis.txt" >&2
  touch "$target/complete"
fi
exec "$target/bin/python" -m schemathesis.cli "$@" 9>&-
