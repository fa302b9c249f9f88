// Values that an output holds among its words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "loaders/json/json.h"

namespace kelvin {

// Whether [begin, end) of well-formed `text` touches no further letter or digit.
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end);

// The first or last number that stands in `text`, as people write it: "1,234.5", "-3", ".5", "2e-3". Digits that belong to
// a word ("x86") are none. Nothing if there is none.
std::optional<double> number_in_text(std::string_view text, bool last);

// A JSON value in one spelling: members sorted, numbers by value, no spaces.
std::string canonical_json(JsonValue value);

}  // namespace kelvin
