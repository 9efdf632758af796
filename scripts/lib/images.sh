# shellcheck shell=bash
# Sourced by scripts/setup: the images of the tests and the demo, under the same names wherever they come from.

readonly IMAGE_LABEL=mta-test.recipe
IMAGE_NAMES="postgres python haproxy trixie-nss empty"

# load_recipe NAME: sets IMAGE, IMAGE_DIR, RECIPE_HASH and what the recipe defines.
load_recipe() {
  IMAGE_DIR="$ROOT/scripts/images/$1"
  # shellcheck source=/dev/null
  . "$IMAGE_DIR/recipe"
  IMAGE="mta-test/$1:$TAG"
  RECIPE_HASH=$(hash_of "$IMAGE_DIR"/* <(uname -m) <(declare -f build_archive))
}

image_is_current() {
  [ "$(docker image inspect --format "{{index .Config.Labels \"$IMAGE_LABEL\"}}" "$IMAGE" 2>/dev/null)" = "$RECIPE_HASH" ]
}

# registry_answers: asked once, and only when an image is missing. MTA_PULL=never skips it.
registry_answers() {
  if [ -z "${REGISTRY_ANSWERS:-}" ]; then
    REGISTRY_ANSWERS=no
    if [ "${MTA_PULL:-auto}" != never ] && timeout 2 docker buildx imagetools inspect postgres:15 >/dev/null 2>&1; then
      REGISTRY_ANSWERS=yes
    fi
  fi
  [ "$REGISTRY_ANSWERS" = yes ]
}

build_from_public() {
  [ -e "$IMAGE_DIR/Dockerfile" ] || return 1
  say "$IMAGE: building from a public image"
  timeout 300 docker buildx build --quiet --load --label "$IMAGE_LABEL=$RECIPE_HASH" --tag "$IMAGE" "$IMAGE_DIR" \
    >"$MTA_CACHE/image-build.log" 2>&1
}

# build_archive FILE: the root file system as a tar, from Debian packages.
# shellcheck disable=SC2016 # the hooks expand their own arguments
build_archive() {
  local out=$1 tool hooks="$1.hooks" paths=()
  if [ -z "$PACKAGES" ]; then
    tar --create --file "$out" --mtime=@0 --owner=0 --group=0 --transform='s|.*|placeholder|' -C /dev/null null 2>/dev/null ||
      { : >"$hooks" && tar --create --file "$out" --mtime=@0 --owner=0 --group=0 -C "${hooks%/*}" --transform='s|.*|placeholder|' "${hooks##*/}"; }
    rm -f "$hooks"
    return
  fi
  tool=$(unpacked mmdebstrap) || exit 1
  for path in doc info locale man lintian bug; do
    paths+=("--dpkgopt=path-exclude=/usr/share/$path/*")
  done
  # The hooks run as programs of their own: they get the recipe's functions by sourcing it.
  printf '#!/bin/bash\nset -eu\nIMAGE_DIR=%q\n. "$IMAGE_DIR/recipe"\n"$1" "$2"\n' "$IMAGE_DIR" >"$hooks"
  chmod +x "$hooks"
  PATH="$tool/usr/bin:$PATH" nice -n 5 "$tool/usr/bin/mmdebstrap" --quiet --variant=minbase --format=tar \
    --include="$PACKAGES" "${paths[@]}" --dpkgopt=force-unsafe-io \
    --aptopt='Acquire::Languages "none"' \
    --essential-hook="$hooks before_packages \"\$1\"" \
    --customize-hook="$hooks after_packages \"\$1\"" \
    --customize-hook='rm -rf "$1"/etc/apt/sources.list* "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*' \
    "$SUITE" "$out" "$(source_line "$SUITE")" >"$MTA_CACHE/mmdebstrap.log" 2>&1 ||
    { rm -f "$out"; die "$IMAGE cannot be built; see $MTA_CACHE/mmdebstrap.log"; }
  rm -f "$hooks"
}

build_from_packages() {
  local archive="$MTA_CACHE/images/${IMAGE//[\/:]/-}-$RECIPE_HASH.tar"
  mkdir -p "$MTA_CACHE/images"
  if [ ! -e "$archive" ]; then
    is_debian || [ -z "$PACKAGES" ] || die "$IMAGE: no registry answers and this is not Debian: pull from a machine with access, or run the tests on Debian"
    say "$IMAGE: building from Debian packages"
    rm -f "$MTA_CACHE/images/${IMAGE//[\/:]/-}"-*
    build_archive "$archive.part"
    mv "$archive.part" "$archive"
  fi
  import_archive "$archive"
}

# import_archive FILE: `docker import --change` does not know STOPSIGNAL, so the settings are a build on top of it.
import_archive() {
  local rootfs="mta-test/rootfs:$RECIPE_HASH" log="$MTA_CACHE/image-build.log"
  docker import "$1" "$rootfs" >"$log" 2>&1 || die "$IMAGE: docker import failed; see $log"
  printf '%s\n' "FROM $rootfs" "${CHANGES[@]}" |
    docker buildx build --quiet --load --label "$IMAGE_LABEL=$RECIPE_HASH" --tag "$IMAGE" - >"$log" 2>&1 ||
    die "$IMAGE cannot be built from $rootfs; see $log"
  docker image rm "$rootfs" >/dev/null
}

ensure_image() {
  load_recipe "$1"
  image_is_current && return
  if registry_answers && build_from_public; then return; fi
  build_from_packages
}

ensure_images() {
  local name
  for name in $IMAGE_NAMES; do
    # A subshell each, so that no recipe sees the values of another.
    (ensure_image "$name") || exit 1
  done
}

setup_images() {
  engine_version >/dev/null || die "no Docker engine answers: run scripts/setup engine first"
  registry_or_all_current
  with_lock images ensure_images
  say "images ready: mta-test/{postgres:15,python:3,haproxy:2,trixie-nss:1,empty:1}"
}

# The answer is found before the subshells start, and only when something is missing.
registry_or_all_current() {
  local name
  for name in $IMAGE_NAMES; do
    (load_recipe "$name" && image_is_current) || { registry_answers || true; return 0; }
  done
}
