// Scripts of characters by name (16.0).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/unicode/tables.h"

namespace kelvin::unicode {

// Whether two names are the same but for case, blanks, '-' and '_': how names of properties are compared.
bool is_same_name(std::string_view a, std::string_view b);

// The characters of a script by its long ("Latin") or four-letter name ("Latn"); ascending.
std::optional<std::vector<Range>> script_ranges(std::string_view name);

std::vector<std::string_view> script_names();  // the long ones

}  // namespace kelvin::unicode
