// UTF-8: reading and writing characters, and what stands for ill-formed parts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin::unicode {

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

// The same by position in `text`.
inline char32_t next_char(std::string_view text, std::size_t& position) {
  const char* at = text.data() + position;
  const char32_t code = next_char(at);
  position = static_cast<std::size_t>(at - text.data());
  return code;
}

inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The last character of well-formed, non-empty `text`, and where it begins.
char32_t last_char(std::string_view text);
std::size_t last_char_begin(std::string_view text);

// The length in bytes of the first `n` characters of well-formed `text`, or of all if there are fewer.
std::size_t prefix_of_chars(std::string_view text, std::size_t n);

std::size_t count_chars(std::string_view text);  // of well-formed `text`

void append_char(std::string& text, char32_t code);
std::string to_utf8(char32_t code);

// What stands at the front of non-empty bytes: a character, or a maximal ill-formed part (Unicode 16, 3.9,
// table 3-8), which may be the beginning of a character that the bytes are too short for.
struct Utf8Part {
  std::size_t length;
  bool valid;
  bool cut_short;
};
inline Utf8Part utf8_part(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, true, false};
  if (lead < 0xC2 || lead > 0xF4) return {1, false, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // E0 and F0 would begin overlong forms, ED surrogates, F4 what is beyond U+10FFFF.
  unsigned low = lead == 0xE0 ? 0xA0u : lead == 0xF0 ? 0x90u : 0x80u;
  unsigned high = lead == 0xED ? 0x9Fu : lead == 0xF4 ? 0x8Fu : 0xBFu;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {i, false, true};
    if (byte(i) < low || byte(i) > high) return {i, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true, false};
}

// Bytes of the well-formed character that `bytes` begin with, 0 if there is none.
inline std::size_t utf8_length(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const Utf8Part part = utf8_part(bytes);
  return part.valid ? part.length : 0;
}

bool is_utf8(std::string_view bytes);

// Appends `bytes` to `text`, U+FFFD for each maximal ill-formed part.
void append_lossy(std::string& text, std::string_view bytes);

}  // namespace kelvin::unicode
