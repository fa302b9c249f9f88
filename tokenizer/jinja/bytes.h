// What str.encode gives: bytes, for templates that write them as digits.
#pragma once

#include <string>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

Value bytes_value(std::string bytes);

}  // namespace kelvin::jinja
