// Methods of strings.
#pragma once

#include <string_view>

#include "tokenizer/jinja/builtin.h"

namespace kelvin::jinja {

// The row of a str method, nullptr if Python (or we) have none of that name.
const Builtin* find_string_method(std::string_view name);

// str.islower() and str.isupper(): some letter has case, and none has the other.
bool is_lower_text(std::string_view text);
bool is_upper_text(std::string_view text);

// str.format: `positional` and `named` fill the fields.
std::string brace_format(const Text& format, const std::vector<Value>& positional, const Value& named);

}  // namespace kelvin::jinja
