# shellcheck shell=bash
# Sourced by scripts/setup and scripts/registry: where the program of the local registry comes from.

# registry_program: prints its path; empty where only the registry's public image is left.
registry_program() {
  if command -v docker-registry; then return; fi
  if is_debian; then
    printf '%s/usr/bin/docker-registry' "$(with_lock debian unpacked docker-registry)"
  fi
}

setup_registry() {
  local program
  program=$(registry_program)
  if [ -n "$program" ]; then
    [ -x "$program" ] || die "the registry's program is not at $program: delete $MTA_CACHE/debian and run scripts/setup registry again"
  else
    docker image inspect registry:2 >/dev/null 2>&1 || docker pull --quiet registry:2 >/dev/null ||
      die "no program docker-registry and no image registry:2: install the package docker-registry"
  fi
  say "registry ready: scripts/registry start"
}
