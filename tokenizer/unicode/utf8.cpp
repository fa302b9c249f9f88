#include "tokenizer/unicode/utf8.h"

#include <cstdint>
#include <cstring>

namespace kelvin {

char32_t last_char(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && is_continuation(text[at])) --at;
  const char* from = text.data() + at;
  return next_char(from);
}

std::size_t prefix_of_chars(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!is_continuation(text[at]) && n-- == 0) break;
  return at;
}

void append_char(std::string& text, char32_t code) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

std::string to_utf8(char32_t code) {
  std::string text;
  append_char(text, code);
  return text;
}

Utf8Part utf8_part(std::string_view bytes) {
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

namespace {

// The length of the front that is plain ASCII, eight bytes at a time.
std::size_t ascii_front(std::string_view bytes) {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if (word & 0x8080808080808080u) break;
  }
  return at;
}

std::size_t valid_front(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    at += ascii_front(bytes.substr(at));
    // A stretch of other characters, before looking for ASCII again.
    for (int i = 0; i < 8 && at < bytes.size(); ++i) {
      const Utf8Part part = utf8_part(bytes.substr(at));
      if (!part.valid) return at;
      at += part.length;
    }
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view bytes) { return valid_front(bytes) == bytes.size(); }

void append_lossy(std::string& text, std::string_view bytes) {
  for (;;) {
    const std::size_t valid = valid_front(bytes);
    text += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    text += "\uFFFD";
    bytes.remove_prefix(utf8_part(bytes).length);
  }
}

}  // namespace kelvin
