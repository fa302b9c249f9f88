// Numbers out of text, for filters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

// What Python's int(text, base) and float(text) accept: blanks around, a sign, underscores between digits.
// Base 2, 8 and 16 allow their prefix; base 0 goes by the prefix. Throws Failure beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text, int base);
std::optional<double> parse_real(std::string_view text);

// The number part towards zero; throws Failure where int() raises OverflowError or the result needs more than
// 64 bits. nullopt for NaN.
std::optional<std::int64_t> truncated(double value);

}  // namespace kelvin::jinja
