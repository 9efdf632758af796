# shellcheck shell=bash
# Sourced by scripts/test and scripts/sweep: whose something is that tests leave (tests/it/kit/owner.rs).

# start_of PID: when it started, in clock ticks since the boot (field 22 of /proc/PID/stat); nothing when it has ended.
start_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # The program's name, in parentheses, may hold blanks.
  stat=${stat##*) }
  # shellcheck disable=SC2086 # split at blanks
  set -- $stat
  # Killed, and nobody has asked for its end yet: it runs no more.
  case $1 in Z | X) return 0 ;; esac
  printf '%s' "${20}"
}

# mark: mtatest-PID-START of this script.
mark() { printf 'mtatest-%s-%s' "$$" "$(start_of "$$")"; }

# runs MARK: whether the process that the mark names is still there.
runs() {
  local pid start
  IFS=- read -r _ pid start _ <<<"$1"
  [ "$(start_of "$pid")" = "$start" ]
}
