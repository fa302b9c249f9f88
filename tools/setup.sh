# Sourced by chat.sh and test.sh, in the top folder: installs what is missing of the build packages, configures and builds.
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
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    as_root="sudo"
    if ! command -v sudo >/dev/null 2>&1 || ! { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      echo "these packages are missing:$missing" >&2
      echo "please ask an administrator of this machine to run:  apt-get install$missing" >&2
      exit 1
    fi
  fi
  echo "installing:$missing ..." >&2
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" >build-setup.log 2>&1 || {
    cat build-setup.log >&2
    echo "could not install:$missing" >&2
    echo "if you are not an administrator of this machine, ask one to run:  apt-get install$missing" >&2
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

# Builds, and shows how far it is on stderr: in one line that changes on a terminal, in a line for each tenth elsewhere.
setup_build() {  # what it is called, processor seconds it takes from scratch, arguments of cmake --build
  name=$1
  minutes=$((($2 / $(setup_jobs) + 59) / 60))
  shift 2
  rm -f build-setup.failed
  {
    NINJA_STATUS='[%p] ' cmake --build build -j "$(setup_jobs)" "$@" 2>&1 || echo "$?" >build-setup.failed
  } | setup_progress "$name" "$minutes"
  [ ! -e build-setup.failed ] || {
    rm -f build-setup.failed
    cat build-setup.log >&2
    exit 1
  }
}

setup_progress() {  # name, minutes; the build's lines on stdin. The shell reads them as they come, Debian's awk does not.
  shown=""
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case "$line" in
      "["*"%] Building"*) percent=${line#"["} && percent=${percent%%"%"*} && percent=${percent##*" "} ;;
      *) continue ;;
    esac
    if [ -z "$shown" ]; then printf 'building %s, from scratch in about %s min\n' "$1" "$2" >&2; fi
    if [ -t 2 ]; then
      [ "$percent" = "$shown" ] || printf '\r[%3d %%] building %s' "$percent" "$1" >&2
      shown=$percent
    elif [ -z "$shown" ] || [ "$percent" -ge $((shown + 10)) ]; then
      printf '[%3d %%] building %s\n' "$percent" "$1" >&2
      shown=$((percent - percent % 10))
    fi
  done >build-setup.log
  if [ -n "$shown" ] && [ -t 2 ]; then printf '\r%*s\r' $((${#1} + 20)) "" >&2; fi
}
