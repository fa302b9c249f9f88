#!/bin/sh
# Makes report.png of the README: a chat turn explained by kelvin-logits --html, photographed by headless Chromium.
# From the repository's root, after a build: sh tools/readme/report_png.sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build/bin/kelvin-logits --user "Tell me a story about a brave fox." --temp 1.2 --min-p 0.05 --seed 8 --n 60 --html "$folder/report.html" >/dev/null
${CHROMIUM:-chromium} --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" --window-size=1080,1120 \
  --screenshot="$PWD/tools/readme/report.png" "file://$folder/report.html#token=50&beta=0.6&colour=probability" 2>/dev/null
