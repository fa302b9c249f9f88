// Numbers as text and back, for filters and formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

// What Python's int(text, base) and float(text) accept: blanks around, a sign, underscores between digits.
// Base 2, 8 and 16 allow their prefix; base 0 goes by the prefix. Throws Failure above 4,300 digits.
std::optional<Value> parse_integer(std::string_view text, int base);
std::optional<double> parse_real(std::string_view text);

// The number part towards zero; throws Failure where int() raises OverflowError. nullopt for NaN.
std::optional<Value> truncated(double value);

// As printf does for the types e f g (E F G): rounded exactly. Precision -1 means 6.
std::string format_real(double value, char type, int precision);

}  // namespace kelvin::jinja
