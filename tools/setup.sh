# Sourced by chat.sh and test.sh: installs what is missing of the build packages and configures build/.
# Debian and its relatives get packages by apt, with sudo where needed; elsewhere the missing commands are named.

setup_packages() {  # package names
  missing=""
  for package in "$@"; do
    case "$package" in
      doctest-dev) [ -e /usr/include/doctest/doctest.h ] || missing="$missing $package" ;;
      make) command -v make >/dev/null 2>&1 || command -v ninja >/dev/null 2>&1 || missing="$missing $package" ;;
      *) command -v "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "please install:$missing" >&2
    exit 1
  fi
  echo "installing:$missing ..." >&2
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo"
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" >build-setup.log 2>&1 || {
    cat build-setup.log >&2
    echo "could not install:$missing" >&2
    exit 1
  }
}

setup_jobs() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN; }

setup_configure() {  # further cmake arguments
  # Ninja where it is; a build folder keeps what it began with.
  if [ ! -e build/CMakeCache.txt ] && command -v ninja >/dev/null 2>&1; then set -- -G Ninja "$@"; fi
  cmake -S . -B build -DCMAKE_BUILD_TYPE=Release "$@" >build-setup.log 2>&1 || {
    cat build-setup.log >&2
    exit 1
  }
}
