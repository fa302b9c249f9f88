#include "tokenizer/byte_level.h"

#include <array>

#include "tokenizer/utf8.h"

namespace kelvin {

namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr auto chars = [] {
  std::array<char32_t, 256> table{};
  char32_t other = 256;
  for (int byte = 0; byte < 256; ++byte)
    table[static_cast<std::size_t>(byte)] = stands_for_itself(byte) ? static_cast<char32_t>(byte) : other++;
  return table;
}();

constexpr auto bytes = [] {
  std::array<std::int16_t, 512> table{};
  table.fill(-1);
  for (std::size_t byte = 0; byte < 256; ++byte) table[chars[byte]] = static_cast<std::int16_t>(byte);
  return table;
}();

}  // namespace

char32_t byte_to_char(unsigned char byte) { return chars[byte]; }

int char_to_byte(char32_t code) { return code < bytes.size() ? bytes[code] : -1; }

std::string bytes_to_text(std::string_view raw) {
  std::string text;
  text.reserve(raw.size() * 2);
  for (char byte : raw) append_char(text, byte_to_char(static_cast<unsigned char>(byte)));
  return text;
}

std::optional<std::string> text_to_bytes(std::string_view text) {
  std::string raw;
  raw.reserve(text.size());
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const int byte = char_to_byte(next_char(at));
    if (byte < 0) return std::nullopt;
    raw += static_cast<char>(static_cast<unsigned char>(byte));
  }
  return raw;
}

}  // namespace kelvin
