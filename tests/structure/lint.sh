#!/usr/bin/env bash
# Format, clang-tidy, shellcheck, and who holds which lock. With an argument: only C++ files that changed since that commit.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ -n ${1:-} ]]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d "$1" -- '*.h' '*.cc')
else
  mapfile -t files < <(git ls-files '*.h' '*.cc')
fi
git ls-files -z '*.sh' | xargs -0 shellcheck --external-sources --source-path SCRIPTDIR --severity warning
[[ ${#files[@]} -gt 0 ]] || { echo "nothing to check"; exit 0; }
clang-format --dry-run --Werror "${files[@]}"

cmake --preset dev --log-level=WARNING
sources=()
for file in "${files[@]}"; do
  # Fuzz targets are built by another preset, so this one has no command line for them.
  [[ $file == *.cc && $file != tests/fuzz/* ]] && sources+=("$file")
done
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 4 \
  clang-tidy -p build/dev --quiet --extra-arg=-Wno-unknown-warning-option
python3 tests/structure/lock_check.py build/dev
