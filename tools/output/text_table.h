// A table in plain text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

// A line per row, columns padded to the widest cell and two apart. `alignment` holds 'l' or 'r' for each
// column; every row has as many cells.
std::string text_table(const std::vector<std::vector<std::string>>& rows, std::string_view alignment);

}  // namespace kelvin
