#!/bin/sh
# Counts the arrows between the rooms of every folder of rooms.txt, from the #include lines, and fails where one
# runs upward, where rooms stand in a circle, or where there are more than the plan allows. With -v, every arrow.
set -eu
cd "$(dirname "$0")/../.."
grep -rHE --include=*.cpp --include=*.h '^#include "' engine tokenizer sampling loaders tools |
  sed 's/:#include "/ /; s/".*//' |
  awk -v verbose="${1:-}" '
    function room(file, folder,   rest) {
      rest = folder == "." ? file : substr(file, length(folder) + 2)
      sub(/\.(cpp|h)$/, "", rest)  # a source and its header are one room
      sub(/\/.*/, "", rest)
      return rest
    }
    function inside(file, folder) { return folder == "." || index(file, folder "/") == 1 }
    function report(text) { print "  " text; bad = 1 }

    FILENAME != "-" {
      if ($0 ~ /^#/ || NF == 0) next
      folders[++n_folders] = $1
      limit[$1] = $2
      for (i = 3; i <= NF; ++i) floor[$1, $i] = i - 2
      next
    }
    { from[++n] = $1; to[n] = $2 }

    END {
      for (f = 1; f <= n_folders; ++f) {
        folder = folders[f]
        split("", first); split("", out); split("", alive); arrows = upward = 0
        for (i = 1; i <= n; ++i) {
          if (!inside(from[i], folder) || !inside(to[i], folder)) continue
          a = room(from[i], folder); b = room(to[i], folder)
          if (a == b || (a, b) in first) continue
          first[a, b] = from[i] " includes " to[i]
          ++arrows; alive[a] = alive[b] = 1
        }
        printf "%s: %d arrows%s\n", folder, arrows, limit[folder] == "-" ? "" : ", at most " limit[folder]
        if (limit[folder] != "-" && arrows > limit[folder] + 0) report("too many arrows")
        for (arrow in first) {
          split(arrow, end, SUBSEP)
          if (verbose != "") print "    " end[1] " -> " end[2] ": " first[arrow]
          if (!((folder, end[1]) in floor) || !((folder, end[2]) in floor)) continue
          if (floor[folder, end[1]] < floor[folder, end[2]]) {
            ++upward
            report("upward: " end[1] " -> " end[2] ": " first[arrow])
          }
        }
        # Rooms without an arrow to or from what is left are in no circle.
        do {
          gone = 0
          for (r in alive) {
            leaves = enters = 0
            for (arrow in first) {
              split(arrow, end, SUBSEP)
              if (!(end[1] in alive) || !(end[2] in alive)) continue
              if (end[1] == r) leaves = 1
              if (end[2] == r) enters = 1
            }
            if (!leaves || !enters) { delete alive[r]; gone = 1 }
          }
        } while (gone)
        for (r in alive) report("in a circle or between two: " r)
      }
      exit bad
    }' tests/architecture/rooms.txt -
