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

# Without precompiled headers, which are gcc's, and so that each file is seen to include what it uses.
cmake --preset dev --log-level=WARNING -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_CXX_COMPILER_LAUNCHER=
sources=() headers=()
for file in "${files[@]}"; do
  [[ $file == *.h && $file != *cuda* ]] && headers+=("$file")
  # Fuzz targets are built by another preset, so this one has no command line for them.
  [[ $file == *.cc && $file != tests/fuzz/* ]] && sources+=("$file")
done
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 4 \
  clang-tidy -p build/lint --quiet --extra-arg=-Wno-unknown-warning-option
# Each header compiles on its own.
printf '%s\n' "${headers[@]}" | xargs -r -P "$(nproc)" -n 4 \
  clang-tidy -p build/lint --quiet --checks='-*,clang-diagnostic-error' --extra-arg=-Wno-everything
python3 tests/structure/lock_check.py build/lint
