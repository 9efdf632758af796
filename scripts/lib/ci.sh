# shellcheck shell=bash
# Sourced by .ci/run: the steps, how long each took, and what a green run leaves behind.

# Minutes: what the whole may take with a warm cache and with an empty one, and from where it is said loudly.
readonly WARM=12 EMPTY=45 LOUD=25

# step NAME COMMAND...: ends the run with the step's name when it fails.
step() {
  local name=$1 start=$SECONDS
  shift
  printf 'ci: %s\n' "$name"
  "$@" </dev/null || {
    printf 'ci: %s FAILED after %s s\n' "$name" "$((SECONDS - start))" >&2
    exit 1
  }
  printf '%6s s  %s\n' "$((SECONDS - start))" "$name" >>"$MTA_CI_TIMES"
}

# times BEGINNING: a line a step, then the whole beside its budget. BEGINNING is `warm` or `empty`.
times() {
  local budget=$WARM
  [ "$1" = warm ] || budget=$EMPTY
  printf 'ci: times\n'
  cat "$MTA_CI_TIMES"
  printf '%6s s  the whole, from a cache that was %s: at most %s minutes\n' "$SECONDS" "$1" "$budget"
  if [ "$1" = warm ] && [ "$SECONDS" -gt $((LOUD * 60)) ]; then
    printf 'ci: *** THIS TOOK MORE THAN %s MINUTES: a step has grown, or the machine was busy ***\n' "$LOUD"
  fi
}

# note_passed: the commit, when what was tested is what is committed.
note_passed() {
  if [ -z "$(git status --porcelain)" ]; then
    git rev-parse HEAD >"$MTA_CACHE/ci-passed.new"
    mv "$MTA_CACHE/ci-passed.new" "$MTA_CACHE/ci-passed"
  fi
}
