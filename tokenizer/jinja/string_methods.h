// Methods of strings.
#pragma once

#include <string_view>

#include "tokenizer/jinja/builtin.h"

namespace kelvin::jinja {

// The row of a str method, nullptr if Python (or we) have none of that name.
const Builtin* find_string_method(std::string_view name);
// Those of Python that are not supported.
bool is_refused_string_method(std::string_view name);

}  // namespace kelvin::jinja
