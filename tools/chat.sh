#!/bin/sh
# From a fresh checkout to a chat: installs what is missing of the build packages, builds, and starts kelvin-chat on the demo
# model. Arguments go to kelvin-chat: sh tools/chat.sh --model ~/models/Llama-3.2-1B-Instruct --temp -0.001
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh
setup_packages g++ make cmake >&2
setup_configure
echo "building kelvin-chat ..." >&2
cmake --build build --target kelvin-chat -j "$(setup_jobs)" >build-setup.log 2>&1 || {
  cat build-setup.log >&2
  exit 1
}
exec build/bin/kelvin-chat "$@"
