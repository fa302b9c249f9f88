// Upper, lower and title case (17.0) and case folding (16.0).
#pragma once

#include <string>
#include <vector>

namespace kelvin::unicode {

char32_t lower_case(char32_t code);  // simple mapping: one character

// Append the full mapping, which may be several characters, without regard to context.
void append_upper(std::string& text, char32_t code);
void append_lower(std::string& text, char32_t code);
void append_title(std::string& text, char32_t code);

// Characters that simple case folding makes equal to `code`, itself included.
std::vector<char32_t> case_variants(char32_t code);
// True if full case folding maps `code` to several characters.
bool folds_to_several(char32_t code);

}  // namespace kelvin::unicode
