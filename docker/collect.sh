#!/usr/bin/env bash
# In an image's build stage: finds what the installed programs need at run time.
#   collect.sh OUT [LIBTORCH_DIR]
# Reads the programs in OUT/usr/bin. Writes OUT/packages, the distribution's packages that hold their libraries, and copies those
# that come from LIBTORCH_DIR to OUT/usr/lib/eoa, laid out as there.
set -euo pipefail
out=$1 libtorch=${2:-/nonexistent}

libraries=$(LD_LIBRARY_PATH=$libtorch/torch/lib ldd "$out"/usr/bin/* | awk '$2 == "=>" {print $3} /not found/ {print > "/dev/stderr"; exit 1}' | sort -u)
packages=()
while read -r library; do
  real=$(realpath --no-symlinks "$library")
  if [[ $real == "$libtorch"/* ]]; then
    install -D -m 644 "$real" "$out/usr/lib/eoa/${real#"$libtorch"/}"
  else
    # The package's list may name it below /lib or /usr/lib: the same folder.
    owner=$(dpkg-query --search "$library" 2> /dev/null || dpkg-query --search "/usr$library")
    packages+=("${owner%%:*}")
  fi
done <<< "$libraries"
printf '%s\n' "${packages[@]}" | sort -u > "$out/packages"
echo "packages: $(tr '\n' ' ' < "$out/packages")"
