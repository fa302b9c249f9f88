#!/bin/sh
# Makes sweep.svg, noise.svg and thermometer.png of the README (the last with headless Chromium).
# From the repository's root, after a build: sh tools/readme/lab_pictures.sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build/bin/kelvin-generate --prompt "Once upon a time" --temp 1 --ignore-eos --n 400 --seed 1 >"$folder/story.txt" 2>/dev/null
build/bin/kelvin-sweep --file "$folder/story.txt" --svg tools/readme/sweep.svg >/dev/null
build/bin/kelvin-noise --file "$folder/story.txt" --svg tools/readme/noise.svg >/dev/null
for temperature in 0.3 1 3; do
  build/bin/kelvin-generate --prompt "Once upon a time" --temp $temperature --ignore-eos --n 60 --seed 4 2>/dev/null
done >"$folder/three temperatures.txt"
cd "$folder"
"$OLDPWD/build/bin/kelvin-thermometer" --file "three temperatures.txt" --html page.html >/dev/null
${CHROMIUM:-chromium} --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" --window-size=1080,1300 \
  --screenshot="$OLDPWD/tools/readme/thermometer.png" "file://$folder/page.html" 2>/dev/null
