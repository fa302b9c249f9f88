// Prose in rows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin {

// Appends `text` broken at spaces (not between a number and its %), and a line end: behind `column` bytes of a row, every further row indented, rows of at
// most `width` bytes where no word is longer.
void append_wrapped(std::string& out, std::string_view text, std::size_t column, std::size_t indent,
                    std::size_t width);

}  // namespace kelvin
