// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kelvin::sampling {

// The word of `known` closest to `word`, or empty if none is close.
std::string closest(std::string_view word, const std::vector<std::string>& known);

}  // namespace kelvin::sampling
