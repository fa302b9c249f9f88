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
  terminal=0
  [ -t 2 ] && terminal=1
  rm -f build-setup.failed
  {
    NINJA_STATUS='[%p] ' cmake --build build -j "$(setup_jobs)" "$@" 2>&1 || echo "$?" >build-setup.failed
  } | awk -v name="$name" -v minutes="$minutes" -v terminal="$terminal" '
    BEGIN { step = terminal ? 1 : 10; last = -step }
    { print >"build-setup.log" }
    /^\[ *[0-9]+%\] Building/ {
      percent = substr($0, 2) + 0
      if (!told) print "building " name ", from scratch in about " minutes (minutes == 1 ? " minute" : " minutes")
      told = 1
      if (percent >= last + step) printf terminal ? "\r[%3d %%] building " name : "[%3d %%] building " name "\n", percent
      if (percent >= last + step) last = percent - percent % step
      fflush()
    }
    END { if (told && terminal) printf "\r%*s\r", length(name) + 20, "" }' >&2
  [ ! -e build-setup.failed ] || {
    rm -f build-setup.failed
    cat build-setup.log >&2
    exit 1
  }
}
