# shellcheck shell=bash
# Sourced by scripts/setup: a Docker engine, and Compose v2 and buildx as plugins of its command line.

readonly ENGINE_LEAST=20.10

engine_version() { timeout 20 docker version --format '{{.Server.Version}}' 2>/dev/null; }

# at_least HAVE WANT: compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "${1%%[-+~]*}" | sort -V | head -n 1)" = "$2" ]; }

# try_dockerd OPTION...: starts the engine and waits until it answers; no trace is left when it does not.
try_dockerd() {
  local log="$MTA_CACHE/dockerd.log" pid
  (close_locks && exec setsid dockerd "$@") >"$log" 2>&1 </dev/null &
  pid=$!
  if wait_for 30 engine_answers_or_gone "$pid" && engine_version >/dev/null; then
    return 0
  fi
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  return 1
}

engine_answers_or_gone() { ! kill -0 "$1" 2>/dev/null || engine_version; }

start_engine() {
  if [ -d /run/systemd/system ] && systemctl start docker >/dev/null 2>&1 && wait_for 30 engine_version; then
    return
  fi
  # Where /var/lib/docker lies on an overlay itself, the usual driver does not work: the slower ones do.
  try_dockerd || try_dockerd --storage-driver=fuse-overlayfs || try_dockerd --storage-driver=vfs ||
    die "dockerd does not start: $(tail -n 1 "$MTA_CACHE/dockerd.log") (all of it: $MTA_CACHE/dockerd.log)"
}

ensure_engine() {
  local version
  if ! version=$(engine_version); then
    if [ -n "${DOCKER_HOST:-}" ]; then
      die "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST"
    fi
    if ! is_debian || ! is_root; then
      die "no Docker engine answers (docker version): install one (https://docs.docker.com/engine/install/), start it, and let this user use it (group docker)"
    fi
    if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
      # From Debian 13 on, the command line is a package of its own.
      if apt-cache show docker-cli >/dev/null 2>&1; then
        install_packages docker.io docker-cli fuse-overlayfs iptables ca-certificates
      else
        install_packages docker.io fuse-overlayfs iptables ca-certificates
      fi
    fi
    start_engine
    version=$(engine_version) || die "the Docker engine was started and does not answer; see $MTA_CACHE/dockerd.log"
  fi
  at_least "$version" "$ENGINE_LEAST" || die "Docker engine $version is too old: $ENGINE_LEAST or newer is needed"
}

# The plugin must answer as version 2 or newer; a docker-compose 1.x on the PATH is never asked.
compose_answers() { docker compose version --short 2>/dev/null | grep -Eq '^v?([2-9]|[1-9][0-9]+)\.'; }

buildx_answers() { docker buildx version >/dev/null 2>&1; }

# add_plugin PACKAGE: Debian's CLI plugin into the scripts' own Docker configuration.
add_plugin() {
  local package=$1 from folder="$MTA_CACHE/docker-config/cli-plugins" plugin
  from=$(unpacked "$package") || exit 1
  mkdir -p "$folder"
  # The other plugins of the user stay visible.
  for plugin in "${DOCKER_CONFIG:-$HOME/.docker}"/cli-plugins/*; do
    [ "$plugin" -ef "$folder/${plugin##*/}" ] || [ ! -x "$plugin" ] || ln -sfn "$plugin" "$folder/${plugin##*/}"
  done
  cp "$from/usr/libexec/docker/cli-plugins/$package" "$folder/.$package.new"
  mv "$folder/.$package.new" "$folder/$package"
}

ensure_plugins() {
  local name package
  for name in compose buildx; do
    "${name}_answers" && continue
    package=docker-$name
    is_debian || die "the Docker CLI has no plugin '$name': install it (https://docs.docker.com/compose/install/linux/ or the package docker-$name-plugin)"
    with_lock debian add_plugin "$package"
    # shellcheck source=scripts/env
    . "$ROOT/scripts/env"
    "${name}_answers" || die "docker $name does not answer although the plugin lies in $DOCKER_CONFIG/cli-plugins"
  done
}

setup_engine() {
  command -v docker >/dev/null || { is_debian && is_root; } ||
    die "the command 'docker' is missing: install Docker (https://docs.docker.com/engine/install/)"
  with_lock engine ensure_engine
  ensure_plugins
  say "engine $(engine_version), compose $(docker compose version --short), buildx $(docker buildx version | awk '{print $2}')"
}
