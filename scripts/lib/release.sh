# shellcheck shell=bash
# Sourced by the scripts of a release: what is shipped, how versions stand to each other, what is out already.

# What a release holds. A tree that is made for one machine may lack the others.
readonly BINARIES=(mta-linux-x64 mta-linux-arm64)
# All that may lie in dist/ of a release tree.
readonly SHIPPED=("${BINARIES[@]}" SHA256SUMS BUILD Dockerfile)
# What else may lie in dist/ of a clone; the hidden ones are what a killed scripts/dist leaves.
readonly UNSHIPPED=(Dockerfile README.md .mta-linux-x64.new .mta-linux-arm64.new)

readonly VERSION_FORM='^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(alpha|beta|rc)\.[1-9][0-9]*)?$'

# check_version TEXT: 1.2.3, or a pre-release such as 1.2.3-rc.1.
check_version() { [[ $1 =~ $VERSION_FORM ]] || die "'$1' is not a version such as 1.2.3 or 1.2.3-rc.1"; }

is_prerelease() { [[ $1 == *-* ]]; }

# line_of VERSION: 1.2 of 1.2.3 and of 1.2.3-rc.1.
line_of() { sed 's/\.[^.]*$//' <<<"${1%%-*}"; }

# older A B: A comes before B. For sort, ~ comes before the end of a text, as a pre-release does before its release.
older() { [ "$1" != "$2" ] && printf '%s\n' "$1" "$2" | tr - '~' | LC_ALL=C sort --version-sort --check=quiet; }

# refs PATTERN: what the remote 'origin' has.
refs() { git ls-remote origin "$1" || die "the remote 'origin' does not answer"; }

# remote_ref REF: the object that REF is at the remote 'origin'; nothing where it does not exist.
remote_ref() { refs "$1" | cut -f 1; }

# released: "OBJECT VERSION" of every version that has its tag at the remote 'origin'.
released() { refs 'refs/tags/v*' | sed -nE 's|\trefs/tags/v([0-9]+\.[0-9]+\.[0-9]+(-.*)?)$| \1|p'; }

# fetch_release REF: the tree of a release without its history, as FETCH_HEAD.
fetch_release() { git fetch --quiet --no-tags --depth 1 origin "$1"; }

# check_names FOLDER NAME...: nothing else lies in FOLDER.
check_names() {
  local folder=$1 found unknown
  shift
  found=$(find "$folder" -mindepth 1 -maxdepth 1 -printf '%f\n')
  unknown=$(grep -vxF -f <(printf '%s\n' "$@") <<<"$found") || return 0
  die "$folder/${unknown%%$'\n'*} is not a file of a release: delete it, or add its name to scripts/lib/release.sh"
}

# check_sums FOLDER SUMS: FOLDER holds every binary, and its bytes are those that SUMS (of sha256sum) tells.
check_sums() {
  local folder=$1 sums=$2
  [ "$(awk '{ print $2 }' "$sums" | LC_ALL=C sort)" = "$(printf '%s\n' "${BINARIES[@]}" | LC_ALL=C sort)" ] ||
    die "$sums does not tell a checksum for each of: ${BINARIES[*]}"
  (cd "$folder" && sha256sum --check --strict --quiet "$sums") ||
    die "a binary in $folder is not the one that was built (see above)"
}
