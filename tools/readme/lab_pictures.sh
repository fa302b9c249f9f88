#!/bin/sh
# Makes sweep.svg, noise.svg and thermometer.png of the README (the last with headless Chromium).
# From the repository's root, after a build: sh tools/readme/lab_pictures.sh
set -eu
here=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# From there, so that the commands that results name are short.
cd "$folder"
PATH=$here/build/bin:$PATH
kelvin-generate --prompt "Once upon a time" --sample temp=1 --ignore-eos --n 400 --seed 1 >story.txt 2>/dev/null
kelvin-sweep --file story.txt --svg sweep.svg >/dev/null
kelvin-noise --file story.txt --svg noise.svg >/dev/null
mv sweep.svg noise.svg "$here/tools/readme"
for temperature in 0.3 1 3; do
  kelvin-generate --prompt "Once upon a time" --sample temp=$temperature --ignore-eos --n 60 --seed 4 2>/dev/null
done >"three temperatures.txt"
kelvin-thermometer --file "three temperatures.txt" --html page.html >/dev/null
${CHROMIUM:-chromium} --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" --window-size=1080,1300 \
  --screenshot="$here/tools/readme/thermometer.png" "file://$folder/page.html" 2>/dev/null
