// Properties of characters as Python's str methods see them.
#pragma once

namespace kelvin::jinja {

bool is_space(char32_t c);      // isspace: White_Space and the separators U+001C to U+001F
bool is_decimal(char32_t c);    // isdecimal: Nd
bool is_digit(char32_t c);      // isdigit: decimal, or a digit such as a superscript
bool is_numeric(char32_t c);    // isnumeric: N, or an ideograph that is a number
bool is_printable(char32_t c);  // isprintable: seen by a reader, or the plain blank
bool is_cased(char32_t c);      // has upper and lower case, or is one of them

}  // namespace kelvin::jinja
