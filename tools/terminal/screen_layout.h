// How a text being edited lies on the rows of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

struct ScreenLayout {
  std::vector<std::string> rows;
  int cursor_row = 0, cursor_column = 0;  // both from 0
  std::size_t prompt_bytes = 0;           // with which the first row begins
};

// Breaks `text` at newlines and at `columns` (at least 8); the first row begins with `prompt`, or with its end where it
// takes more than half the row; rows after a newline with as many spaces. The last column stays free, because terminals
// differ in where the cursor goes after it.
ScreenLayout lay_out(std::string_view prompt, std::string_view text, std::size_t cursor, int columns);

// The part of `layout` that fits `height` rows and shows the cursor.
ScreenLayout window(ScreenLayout layout, int height);

}  // namespace kelvin
