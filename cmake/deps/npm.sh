#!/usr/bin/env bash
# For maintainers, and no part of a build: fetches what `eoa report` draws with, Apache ECharts 6.0.0, by npm, checked by SHA-256, into
# cli/report/echarts, where git keeps it (docs/decisions/0014). When what lies there is what npm has, `git status` is clean afterwards.
set -euo pipefail

version=6.0.0
sum=5776a250a33c375f794d796f661d7b88ca36ec5fb16dbff374dd25bf5a64b26b
target=$(cd "$(dirname "$0")/../../cli/report/echarts" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "echarts@$version" > /dev/null)
echo "$sum  $work/echarts-$version.tgz" | sha256sum --check --quiet
tar --extract --gzip --file "$work/echarts-$version.tgz" --directory "$work"
cd "$work/package"
install --mode 644 dist/echarts.common.min.js LICENSE NOTICE licenses/LICENSE-d3 "$target"
