# shellcheck shell=bash
# Sourced by scripts/setup: programs from Debian's archive, unpacked into the cache and not installed on the host.

# The suite is fixed, the version is not: exact ones vanish from the archive.
readonly DEBIAN_SUITE=trixie

# debian_mirror: the address of the Debian archive that this machine's own apt uses.
debian_mirror() {
  local files=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] && files+=("$file")
  done
  # The main archive is the entry with the plain name of the running release, not -security or -updates.
  awk -v suite="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")" '
    /^URIs:/ { uri = $2 }
    /^Suites:/ && uri != "" { for (i = 2; i <= NF; i++) if ($i == suite || $i == "stable") { print uri; exit } }
    /^deb[ \t]/ { line = $0; sub(/\[[^]]*\]/, "", line); split(line, part, /[ \t]+/)
                  if (part[3] == suite || part[3] == "stable") { print part[2]; exit } }
  ' "${files[@]}"
}

debian_keyring() {
  local file=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$file" ] && printf '%s' "$file"
}

# source_line SUITE: one apt source line for that suite from this machine's mirror.
source_line() {
  printf 'deb [signed-by=%s] %s %s main\n' "$(debian_keyring)" "$(debian_mirror)" "$1"
}

# private_apt PROGRAM ARGUMENT...: apt with lists, cache and sources of its own; the host's are not touched.
private_apt() {
  local program=$1 dir="$MTA_CACHE/apt"
  shift
  "$program" -q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

refresh_private_apt() {
  local dir="$MTA_CACHE/apt"
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  source_line "$DEBIAN_SUITE" >"$dir/sources.list"
  private_apt apt-get update >"$dir/update.log" 2>&1 ||
    die "the package list of Debian $DEBIAN_SUITE cannot be read; see $dir/update.log"
}

# unpacked PACKAGE: prints the folder that holds the package's files, downloading it when it is not there yet.
unpacked() {
  local package=$1 target="$MTA_CACHE/debian/$1" work
  if [ ! -d "$target" ]; then
    mkdir -p "$MTA_CACHE/debian"
    [ -s "$MTA_CACHE/apt/fresh" ] || { refresh_private_apt && date >"$MTA_CACHE/apt/fresh"; }
    work=$(mktemp -d "$MTA_CACHE/debian/.$package.XXXXXX")
    (cd "$work" && private_apt apt-get download "$package" >download.log 2>&1) ||
      { rm -f "$MTA_CACHE/apt/fresh"; die "Debian's package $package cannot be downloaded; see $work/download.log"; }
    dpkg -x "$work"/*.deb "$work/files"
    mv -T "$work/files" "$target"
    rm -rf "$work"
  fi
  printf '%s' "$target"
}
