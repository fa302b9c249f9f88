// How one value is filled into a format: shared by "%s" % value and "{}".format(value).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

struct Field {
  char type = 0;
  char align = 0;  // < > ^ or = (between sign and digits); 0 is the type's own
  std::string fill = " ";
  char sign = 0;  // + or a blank: what positive numbers show
  bool alternate = false;
  char grouping = 0;  // , or _
  std::int64_t width = 0, precision = -1;
};

// Append the value, padded to the field's width. Throw Failure for widths and precisions beyond reason.
void append_text(TextBuilder& out, const Field& field, std::string text);
// `precision` is the least number of digits, as % has it.
void append_integer(TextBuilder& out, const Field& field, const BigInteger& value);
void append_real(TextBuilder& out, const Field& field, double value);

// repr(value) with everything but ASCII as escapes: Python's ascii().
std::string ascii_repr(const Value& value);

bool is_digit_character(char c);
// The decimal number at `at`, which moves behind it; 0 if there is none.
std::int64_t read_number(std::string_view text, std::size_t& at);

}  // namespace kelvin::jinja
