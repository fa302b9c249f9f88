#!/bin/sh
# Installs what is missing of the build packages, builds everything and runs the tests: all but those labelled slow;
# with --all the slow ones too, in full. Further arguments go to ctest, e.g. sh tools/test.sh -R sampling
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh
setup_packages g++ make cmake doctest-dev
setup_configure -DKELVIN_TESTS=ON
cmake --build build -j "$(setup_jobs)"
if [ "${1:-}" = --all ]; then
  shift
  export KELVIN_WHOLE=1
else
  set -- -LE slow "$@"
fi
ctest --test-dir build --output-on-failure -j "$(setup_jobs)" "$@"
