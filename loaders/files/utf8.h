// Validation of UTF-8 (RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>

namespace kelvin {

// Length in bytes (1 to 4) of the well-formed character at `text`, 0 if there is none within `available`
// bytes.
inline int utf8_length(const char* text, std::size_t available) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < available && byte(i) >= low && byte(i) <= high;
  };
  if (available == 0) return 0;
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return continues(1) ? 2 : 0;
  if (lead < 0xF0) {
    // E0 would allow overlong forms, ED the surrogates.
    const bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (lead < 0xF5) {
    const bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace kelvin
