#!/usr/bin/env bash
# Builds EOA's images from docker/ without a registry: the base image comes from the machine's own package sources, the compiler's cache
# and LibTorch from the user's cache. Leaves archives that a node, `kind load image-archive` or `docker load` takes.
#   images.sh [operator] [trainer] [cuda] [pause]     default: operator and trainer
# PRESET is the CMake preset they are built with (release); `make test` uses dev, whose objects it has compiled already.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
need_root "$@"

preset=${PRESET:-release}
[[ $# -gt 0 ]] || set -- operator trainer
"$source_dir/cmake/deps/apt.sh" --cluster
. /etc/os-release
base=localhost/eoa-base:$ID-$VERSION_ID

mkdir -p "$image_store"
exec 8> "$image_store/.lock"
flock --nonblock 8 || { say "another build of images is under way; waiting for it"; flock 8; }
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
storage_driver=overlay
[[ $(stat -f -c %T "$image_store") != overlayfs ]] || storage_driver=vfs
buildah() { command buildah --root "$image_store/storage" --runroot "$work/run" --storage-driver $storage_driver "$@"; }
has_image() { buildah inspect --type image "$1" > /dev/null 2>&1; }

archive() { # IMAGE NAME FILE: under the name that pods ask for; the file stays as it is when the image is the same
  local id
  id=$(buildah inspect --type image --format '{{.FromImageID}}' "$1")
  if [[ -s $3 && $(cat "$3.id" 2> /dev/null) == "$id" ]]; then return; fi
  rm -f "$3.new"
  buildah push --quiet "$1" "docker-archive:$3.new:$2"
  mv "$3.new" "$3"
  echo "$id" > "$3.id"
  [[ -z ${SUDO_UID:-} ]] || chown "$SUDO_UID" "$3" "$3.id"
}

pause_image() {
  gcc -Os -static -s -o "$work/pause" "$cluster_scripts/pause.c"
  local container
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$work/pause" /pause > /dev/null
  buildah config --entrypoint '["/pause"]' --user 65535:65535 "$container"
  buildah commit --quiet --rm "$container" localhost/pause:1 > /dev/null
  archive localhost/pause:1 localhost/pause:1 "$image_store/pause.tar"
}

# The machine's own package sources of this distribution release, without those of other vendors: their keys are not in the image.
apt_settings() { # DIR
  cp -rL /etc/apt "$1"
  local file
  for file in "$1"/sources.list "$1"/sources.list.d/*; do
    if [[ -f $file ]] && ! grep -qE "(^|[[:space:]])$VERSION_CODENAME(-[a-z]+)?([[:space:]]|\$)" "$file"; then rm "$file"; fi
  done
  echo 'Acquire::https::CaInfo "/run/build/ca-certificates.crt";' > "$1/apt.conf.d/00build"
}

base_image() {
  has_image "$base" && return
  say "making the base image $base from $NAME's packages (once)"
  local mirror container
  mirror=$({ grep -rhoE "https?://[^ ]+/$ID/?( |\$)" /etc/apt/sources.list /etc/apt/sources.list.d 2> /dev/null || true; } |
    awk 'NR == 1 {print $1}')
  [[ -n $mirror ]] || fail "no package source of $NAME in /etc/apt; the base image is made from it"
  debootstrap --variant=minbase "$VERSION_CODENAME" "$work/root" "$mirror" > "$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail "debootstrap failed; its last messages are above"; }
  # As the distribution's slim images: no manuals, no translations, now or with later packages; the packages' terms stay.
  { printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian; echo 'path-include /usr/share/doc/*/copyright'; } \
    > "$work/root/etc/dpkg/dpkg.cfg.d/slim"
  find "$work/root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$work"/root/usr/share/{man,info,locale,lintian}/* "$work"/root/var/{cache/apt,lib/apt/lists,log}/*
  tar -C "$work/root" --one-file-system --exclude ./dev/\* --exclude ./proc/\* --exclude ./sys/\* -cf "$work/root.tar" .
  rm -rf --one-file-system "$work/root"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/root.tar" / > /dev/null
  buildah config --cmd /bin/bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm "$container" "$base" > /dev/null
  rm "$work/root.tar"
}

build() { # NAME DOCKERFILE
  local name=$1 file=$2 started=$SECONDS
  # A name for the build stage keeps it: as long as no source changes, nothing is compiled or installed again.
  build_stage "localhost/$name-build:$preset" --target build
  build_stage "localhost/$name:$version"
  local file=$image_archives/$name.tar
  archive "localhost/$name:$version" "$name:$version" "$file"
  say "$name:$version ($preset) in $((SECONDS - started)) s: $file, $(du -h "$file" | cut -f1)"
}

build_stage() { # TAG [BUILDAH FLAG...]; of `build` these: name file
  local tag=$1
  shift
  buildah build --pull-never --layers --isolation chroot --network host --build-arg BASE="$base" --build-arg PRESET="$preset" \
    --build-arg EOA_CACHE_DIR="$cache_dir" --build-arg CCACHE_DIR="$compiler_cache" --build-arg VERSION="$version" \
    --build-arg REVISION="$revision" --volume "$cache_dir:$cache_dir" --volume "$compiler_cache:$compiler_cache" \
    --volume "$work/apt:/etc/apt:ro" --volume "$work/build:/run/build:ro" --volume /usr/share/keyrings:/usr/share/keyrings:ro \
    "$@" --file "$source_dir/docker/$file" --tag "$tag" "$source_dir" > "$work/$name.log" 2>&1 ||
    { tail -n 60 "$work/$name.log" >&2; fail "$name did not build; its last messages are above"; }
}

version=$(sed -nE 's/^project\(eoa VERSION ([0-9.]+).*/\1/p' "$source_dir/CMakeLists.txt")
revision=$(git -C "$source_dir" rev-parse HEAD 2> /dev/null || echo unknown)
compiler_cache=$(ccache --get-config cache_dir 2> /dev/null || echo "$HOME/.cache/ccache")
mkdir -p "$compiler_cache" "$work/build"
install -d ${SUDO_UID:+-o "$SUDO_UID"} "$source_dir/build" "$image_archives"
for image in "$@"; do
  case $image in
    pause) pause_image; continue ;;
    operator | trainer | cuda) ;;
    *) fail "no image '$image'; there are: operator trainer cuda pause" ;;
  esac
  base_image
  [[ -d $work/apt ]] || apt_settings "$work/apt"
  cp /etc/ssl/certs/ca-certificates.crt "$work/build/"
  case $image in
    operator) build eoa-operator operator/Dockerfile ;;
    trainer) "$source_dir/cmake/deps/libtorch.sh"; build eoa-trainer trainer/Dockerfile ;;
    cuda) "$source_dir/cmake/deps/libtorch.sh" --cuda; preset=cuda build eoa-trainer-cuda trainer/cuda.Dockerfile ;;
  esac
done
buildah rmi --prune > /dev/null 2>&1 || true   # what earlier builds of the same names left
