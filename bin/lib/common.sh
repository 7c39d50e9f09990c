# shellcheck shell=bash
# Sourced by the programs in bin/. Nothing here starts a process unless a function is called, so that
# `limestone` itself starts quickly.

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# require_jdk: sets JAVA_HOME to a JDK 25: JAVA_HOME itself, the java on the PATH, then the usual places. The version
# is read from the file `release`, which every JDK has, so no java is started to ask it.
require_jdk() {
  local home on_path
  is_jdk25 "${JAVA_HOME:-}" && return
  on_path=$(command -v javac || true)
  [ -z "$on_path" ] || on_path=$(readlink -f "$on_path")
  for home in "${on_path%/bin/javac}" /usr/lib/jvm/* /opt/*jdk* /opt/java/* /usr/java/* /usr/local/*jdk* \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/*; do
    if is_jdk25 "$home"; then
      export JAVA_HOME=$home
      return
    fi
  done
  die "a JDK 25 is needed and none was found (looked at JAVA_HOME, the PATH, /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks).
Install one, for example Temurin 25 from https://adoptium.net, and set JAVA_HOME to its folder."
}

is_jdk25() {
  local line
  [ -n "$1" ] && [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while read -r line; do
    case $line in 'JAVA_VERSION="25'[.\"]*) return 0 ;; esac
  done <"$1/release"
  return 1
}

# require_packages COMMAND:PACKAGE... installs the Debian packages whose command (or, for a name with a slash, file
# pattern) is not there. Without root and without sudo it prints the command to run, and ends.
require_packages() {
  local need pattern package missing=() as_root=()
  for need in "$@"; do
    pattern=${need%%:*} package=${need#*:}
    case " ${missing[*]} " in *" $package "*) continue ;; esac
    case $pattern in
      */*) compgen -G "$pattern" >/dev/null || missing+=("$package") ;;
      *) command -v "$pattern" >/dev/null || missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as_root=(sudo)
    else
      die "these Debian packages are missing: ${missing[*]}
Install them, then run this again:
  su -c 'apt-get update && apt-get install -y --no-install-recommends ${missing[*]}'"
    fi
  fi
  command -v apt-get >/dev/null ||
    die "missing: ${missing[*]} (names of Debian packages); there is no apt-get here to install them with"
  say "${0##*/}: installing ${missing[*]}"
  if ! install_packages "${missing[@]}" && ! { "${as_root[@]}" apt-get -qq update >&2 && install_packages "${missing[@]}"; }; then
    die "could not install ${missing[*]}; try: ${as_root[*]:+sudo }apt-get update && ${as_root[*]:+sudo }apt-get install ${missing[*]}"
  fi
}

# Called by require_packages only: uses its as_root.
install_packages() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" \
    >/dev/null 2>&1 </dev/null
}

# What is needed, for require_packages. A program names all that it needs at once, so that whoever must install it by
# hand is told once.
# shellcheck disable=SC2034 # used by the programs
{
  MAVEN=(mvn:maven)
  TSS=('/usr/lib/*/libtss2-esys.so.0:libtss2-esys-3.0.2-0' '/usr/lib/*/libtss2-mu.so.0:libtss2-mu0'
    '/usr/lib/*/libtss2-tctildr.so.0:libtss2-tctildr0')
  SWTPM=(swtpm:swtpm swtpm_setup:swtpm-tools swtpm_localca:swtpm-tools
    '/usr/lib/*/libtss2-tcti-swtpm.so.0:libtss2-tcti-swtpm0')
}
