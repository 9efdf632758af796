# shellcheck shell=bash
# Sourced by the scripts: messages, locks, and files that appear whole or not at all.

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

# complain TEXT: one line on standard error, no exit.
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die TEXT: says what is missing and how to get it, and ends the script.
die() {
  complain "$*"
  exit 1
}

# with_lock NAME COMMAND...: one process at a time in a section of the cache. The lock dies with the process.
with_lock() {
  local name=$1 fd
  shift
  mkdir -p "$MTA_CACHE/locks"
  exec {fd}>"$MTA_CACHE/locks/$name"
  # A child such as dockerd must not inherit the lock, or it would hold it for ever: see close_locks.
  MTA_LOCK_FDS="${MTA_LOCK_FDS:-} $fd"
  flock "$fd"
  "$@"
  exec {fd}>&-
  MTA_LOCK_FDS=${MTA_LOCK_FDS% "$fd"}
}

# close_locks: for the subshell that starts a daemon.
close_locks() {
  local fd
  for fd in ${MTA_LOCK_FDS:-}; do
    exec {fd}>&-
  done
}

# wait_for SECONDS COMMAND...: repeats a cheap check until it succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

# limited COMMAND...: with at most 8 GiB of addresses, so that a runaway fails and the machine goes on. Not for what starts
# an engine or is written in Go, which reserves more.
limited() { (ulimit -v 8388608 && exec "$@"); }

# hash_of FILE...: one hash over the contents, in the order given.
hash_of() { cat -- "$@" | sha256sum | cut -c1-16; }

# room SIZE LIMIT, in bytes: what the limit is, and loudly when less than 5 % of it is left.
room() {
  printf ' (at most %s KiB)' "$(($2 / 1024))"
  [ "$(($1 * 20))" -le "$(($2 * 19))" ] || printf ' *** LESS THAN 5 %% OF THE LIMIT IS LEFT ***'
}

is_debian() { [ -r /etc/debian_version ] && grep -qs '^ID=debian$' /etc/os-release; }

is_root() { [ "$(id -u)" = 0 ]; }

# install_packages PACKAGE...: on Debian as root only.
install_packages() {
  say "installing $*"
  if ! apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@" >"$MTA_CACHE/apt-install.log" 2>&1; then
    apt-get -q -o DPkg::Lock::Timeout=120 update >>"$MTA_CACHE/apt-install.log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@" \
      >>"$MTA_CACHE/apt-install.log" 2>&1 || die "apt-get install $* failed; see $MTA_CACHE/apt-install.log"
  fi
}
