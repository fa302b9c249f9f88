// The columns that a terminal gives to a character (17.0).
#pragma once

namespace kelvin::unicode {

// 0 for combining marks and what shows nothing, 2 for East Asian wide characters and emoji, else 1.
int columns_of(char32_t code);

}  // namespace kelvin::unicode
