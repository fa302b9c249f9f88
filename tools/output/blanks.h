// The blanks around a text.
#pragma once

#include <algorithm>
#include <string_view>

namespace kelvin {

// Spaces, tabs and line ends.
inline constexpr std::string_view blank_bytes = " \t\r\n";

// Without blanks at both ends.
inline std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blank_bytes), text.size()));
  return text.substr(0, text.find_last_not_of(blank_bytes) + 1);
}

}  // namespace kelvin
