// "Did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kelvin {

// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours from `word`, if
// few enough to be a slip of the fingers, as "; did you mean PREFIXcandidate?"; else "".
std::string suggestion(std::string_view word, std::span<const std::string> candidates,
                       std::string_view prefix = "");

}  // namespace kelvin
