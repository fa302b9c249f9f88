// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

// The known name that `word` abbreviates or is a slip of the fingers for, as "; did you mean PREFIXname?";
// else "".
std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                       std::string_view prefix = "");

}  // namespace kelvin
