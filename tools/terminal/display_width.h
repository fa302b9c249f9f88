// UTF-8 as a terminal shows it: whole characters and their columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin {

// Where the character (with the combining marks after it) that begins at `at` ends; and where the one that
// ends at `at` begins. `text` must be valid UTF-8, `at` a character boundary.
std::size_t next_character(std::string_view text, std::size_t at);
std::size_t previous_character(std::string_view text, std::size_t at);

// 0 for combining marks, 2 for East Asian wide characters and emoji, else 1 for each code point.
int display_columns(std::string_view text);

// `text` with every malformed sequence replaced by U+FFFD, and control characters other than newline and tab
// dropped.
std::string typed_text(std::string_view text);

}  // namespace kelvin
