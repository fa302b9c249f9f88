#include "tokenizer/unicode/utf8.h"

#include <cstdint>
#include <cstring>

namespace kelvin::unicode {

char32_t last_char(std::string_view text) {
  std::size_t at = last_char_begin(text);
  return next_char(text, at);
}

std::size_t last_char_begin(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && is_continuation(text[at])) --at;
  return at;
}

std::size_t prefix_of_chars(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!is_continuation(text[at]) && n-- == 0) break;
  return at;
}

std::size_t count_chars(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += !is_continuation(byte);
  return count;
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

}  // namespace kelvin::unicode
