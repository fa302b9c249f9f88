#!/bin/sh
# From a fresh checkout to a chat: installs what is missing of the build packages, builds, and starts kelvin-chat on the demo
# model, in the folder it is called from. Arguments go to kelvin-chat: sh tools/chat.sh --model ~/models/model.gguf
set -eu
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
(
  cd "$top"
  . tools/setup.sh
  setup_packages g++ make cmake
  setup_configure
  setup_build kelvin-chat 300 --target kelvin-chat
)
exec "$top/build/bin/kelvin-chat" "$@"
