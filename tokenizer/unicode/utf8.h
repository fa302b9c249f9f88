// UTF-8: reading and writing characters, and what stands for ill-formed parts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin {

// The character at `at`, which must begin one of well-formed text; `at` moves behind it.
inline char32_t next_char(const char*& at) {
  const auto byte = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  if (lead < 0xE0) {
    const char32_t code = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    at += 2;
    return code;
  }
  if (lead < 0xF0) {
    const char32_t code = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    at += 3;
    return code;
  }
  const char32_t code =
      (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  at += 4;
  return code;
}

inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The last character of well-formed, non-empty `text`.
char32_t last_char(std::string_view text);

// The length in bytes of the first `n` characters of well-formed `text`, or of all if there are fewer.
std::size_t prefix_of_chars(std::string_view text, std::size_t n);

void append_char(std::string& text, char32_t code);
std::string to_utf8(char32_t code);

// What stands at the front of non-empty bytes: a character, or a maximal ill-formed part (Unicode 16, 3.9,
// table 3-8), which may be the beginning of a character that the bytes are too short for.
struct Utf8Part {
  std::size_t length;
  bool valid;
  bool cut_short;
};
Utf8Part utf8_part(std::string_view bytes);

bool is_utf8(std::string_view bytes);

// Appends `bytes` to `text`, U+FFFD for each maximal ill-formed part.
void append_lossy(std::string& text, std::string_view bytes);

}  // namespace kelvin
