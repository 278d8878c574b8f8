#!/usr/bin/env bash
# Prints the path of a Go that can build programs/go.mod: the machine's own when it is new enough, else the release that go.mod's
# `toolchain` line names, fetched as the module golang.org/toolchain (checked against the checksum database) by any older Go,
# which comes from the distribution when there is none.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

module_file=$cluster_scripts/programs/go.mod
needed=$(sed -nE 's/^go ([0-9.]+)$/\1/p' "$module_file")
release=$(sed -nE 's/^toolchain (go[0-9.]+)$/\1/p' "$module_file")
fetched=$cache_dir/$release

version_of() { GOTOOLCHAIN=local "$1" version 2> /dev/null | sed -nE 's/^go version go([0-9.]+).*/\1/p'; }

bootstrap=
for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go/bin/go "$fetched/bin/go"; do
  [[ -x $go ]] || continue
  if printf '%s\n' "$needed" "$(version_of "$go")" | sort --version-sort --check=quiet; then
    echo "$go"
    exit 0
  fi
  bootstrap=$go
done

if [[ -z $bootstrap ]]; then
  "$source_dir/cmake/deps/apt.sh" --go >&2
  bootstrap=$(command -v go) || fail "no Go, and the distribution's golang-go brought none. Install Go $needed or newer."
fi
say "fetching $release, since $("$bootstrap" version | cut -d' ' -f3) is older than $needed" >&2
mkdir -p "$cache_dir"
work=$(mktemp -d "$cache_dir/$release.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
(cd "$work" && GOTOOLCHAIN=local GOFLAGS='' GOPATH=$work/path GOCACHE=$work/build \
  "$bootstrap" mod download "golang.org/toolchain@v0.0.1-$release.linux-$(dpkg --print-architecture)") ||
  fail "could not fetch $release. Install Go $needed or newer."
# A module has no executable files.
chmod -R u+w "$work/path"
module=$(echo "$work"/path/pkg/mod/golang.org/toolchain@*)
chmod +x "$module"/bin/* "$module"/pkg/tool/*/*
rm -rf "$fetched"
mv "$module" "$fetched"
"$fetched/bin/go" version >&2
echo "$fetched/bin/go"
