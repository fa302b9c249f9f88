// Extended grapheme clusters (UAX 29 of Unicode 17.0): what a reader takes for one character.
#pragma once

#include <cstddef>
#include <string_view>

namespace kelvin::unicode {

// The length in bytes of the cluster that well-formed, non-empty `text` begins with, if a cluster begins
// there.
std::size_t grapheme_length(std::string_view text);

}  // namespace kelvin::unicode
