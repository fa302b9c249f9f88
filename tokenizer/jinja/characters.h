// Characters and UTF-8 as Python's str sees them. Text that is not valid UTF-8 is never refused here: a byte
// that starts no character counts as a character of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin::jinja {

// The character at `position` (< text.size()), which moves behind it.
char32_t next_character(std::string_view text, std::size_t& position);
// Start of the character that ends before `position` (> 0).
std::size_t previous_character(std::string_view text, std::size_t position);
void append_character(std::string& text, char32_t character);
std::size_t count_characters(std::string_view text);
bool is_valid_utf8(std::string_view text);

bool is_space(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_printable(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
// Letters that have upper and lower case.
bool is_cased(char32_t c);

// Append the character in other case; some become several characters.
void append_upper(std::string& text, char32_t c);
void append_lower(std::string& text, char32_t c);
void append_title(std::string& text, char32_t c);

}  // namespace kelvin::jinja
