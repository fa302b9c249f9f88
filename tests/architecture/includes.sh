#!/bin/sh
# Fails where a file uses a name of the standard library whose header neither it nor a header of ours that it includes
# names. A compiler would not notice: one header of the standard library happens to bring others, and precompiled
# headers bring most. standard_headers.txt says what comes from where. Arguments: folders; the whole tree without any.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- engine tokenizer sampling loaders tools tests/*.h tests/*.cpp tests/[!a]*/
find "$@" -name '*.cpp' -o -name '*.h' | LC_ALL=C sort |
  xargs awk '
    FILENAME == "tests/architecture/standard_headers.txt" {
      if ($0 !~ /^#/) for (i = 2; i <= NF; ++i) homes[$i] = homes[$i] " " $1
      next
    }
    FNR == 1 { files[++n] = FILENAME; in_raw = 0 }
    /^#include "/ { split($0, part, "\""); ours[FILENAME] = ours[FILENAME] " " part[2]; next }
    /^#include </ { split($0, part, /[<>]/); theirs[FILENAME, part[2]] = 1; next }
    {
      line = $0
      if (in_raw) { if (!sub(/^.*\)"/, "", line)) next; in_raw = 0 }
      gsub(/R"\([^"]*\)"/, "", line)
      gsub(/\\"/, "", line)
      if (line ~ /R"\(/) { sub(/R"\(.*/, "", line); in_raw = 1 }
      gsub(/"[^"]*"/, "", line)
      sub(/\/\/.*/, "", line)
      while (match(line, /std::[A-Za-z_0-9]+/)) {
        name = substr(line, RSTART + 5, RLENGTH - 5)
        if (!((FILENAME, name) in used)) { used[FILENAME, name] = FNR; uses[FILENAME] = uses[FILENAME] " " name }
        line = substr(line, RSTART + RLENGTH)
      }
    }
    # Marks the headers that `file` brings.
    function bring(file,   list, i, count, key) {
      if (file in brought) return
      brought[file] = 1
      count = split(ours[file], list, " ")
      for (i = 1; i <= count; ++i) bring(list[i])
    }
    function has(header,   file) {
      for (file in brought) if ((file, header) in theirs) return 1
      return 0
    }
    END {
      for (f = 1; f <= n; ++f) {
        file = files[f]
        split("", brought)
        split("", known)
        bring(file)
        count = split(uses[file], names, " ")
        for (u = 1; u <= count; ++u) {
          name = names[u]
          if (!(name in homes)) { print file ":" used[file, name] ": std::" name " is not in standard_headers.txt"; bad = 1; continue }
          here = 0
          wanted = split(homes[name], home, " ")
          for (h = 1; h <= wanted && !here; ++h) {
            if (!(home[h] in known)) known[home[h]] = home[h] == "any" || has(home[h])
            here = known[home[h]]
          }
          if (!here) { print file ":" used[file, name] ": std::" name " needs #include <" home[1] ">"; bad = 1 }
        }
      }
      exit bad
    }' tests/architecture/standard_headers.txt
