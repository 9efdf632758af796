# shellcheck shell=bash
# Sourced by scripts/setup, scripts/engine26 and scripts/sweep: a second Docker engine beside the machine's own, for what
# that one cannot do (containerd's image store: several platforms, attestations, caches in a registry).

# What its bridges are called; the text on one says in which folder its engine lies.
readonly ENGINE26_BRIDGE=mtae26n
# Addresses for measurements between networks (RFC 2544): no Docker engine takes from them by itself.
readonly ENGINE26_NET=198.18

# engine26_why_not: why this machine cannot have one; nothing where it can.
engine26_why_not() {
  if ! is_debian; then
    printf 'it comes from Debian packages, and this is not Debian'
  elif ! is_root; then
    printf 'it needs root'
  elif ! command -v runc >/dev/null; then
    printf 'the program runc is missing: install the package runc'
  fi
}

# engine26_programs DIR: links its programs into DIR. Not runc: that needs a newer C library than the host's,
# whose own runc is found on the PATH.
engine26_programs() {
  local from program
  for from in "$(unpacked containerd)/usr/bin" "$(unpacked docker.io)/usr/sbin"; do
    for program in "$from"/*; do
      ln -s "$program" "$1/"
    done
  done
}

# engine26_bridges: a line each, `BRIDGE DIR`.
engine26_bridges() {
  local folder text
  for folder in /sys/class/net/"$ENGINE26_BRIDGE"*; do
    if text=$(cat "$folder/ifalias" 2>/dev/null) && [ -n "$text" ]; then
      printf '%s %s\n' "${folder##*/}" "$text"
    fi
  done
}

setup_engine26() {
  local why
  why=$(engine26_why_not)
  [ -z "$why" ] || die "no second engine: $why"
  with_lock debian unpacked containerd >/dev/null
  with_lock debian unpacked docker.io >/dev/null
  say "second engine ready: scripts/engine26 start DIR"
}
