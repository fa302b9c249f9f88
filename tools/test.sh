#!/bin/sh
# Installs what is missing of the build packages, builds everything and runs the tests: all but those labelled slow;
# with --all the slow ones too, in full. Further arguments go to ctest, e.g. sh tools/test.sh -R sampling
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/setup.sh
setup_packages g++ make cmake doctest-dev
setup_configure -DKELVIN_TESTS=ON
setup_build "all tools and tests" 900
if [ "${1:-}" = --all ]; then
  shift
  export KELVIN_WHOLE=1
else
  set -- -LE slow "$@"
fi
ctest --test-dir build --output-on-failure -j "$(setup_jobs)" "$@" && exit
# What failed, once more: hundreds of lines lie between it and the end by now.
awk -F: 'NR == FNR { failed[$2] = 1; next }
  / Test: / { sub(/.* Test: /, ""); name = $0 }
  /^Output:$/ { shown = name in failed; if (shown) print "\n== " name }
  /^<end of output>$/ { shown = 0 }
  shown && !/^Output:$|^-+$/' build/Testing/Temporary/LastTestsFailed.log build/Testing/Temporary/LastTest.log
printf '\nfailed:\n'
sed 's/^[0-9]*:/  /' build/Testing/Temporary/LastTestsFailed.log
exit 1
