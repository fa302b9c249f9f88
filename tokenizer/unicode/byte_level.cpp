#include "tokenizer/unicode/byte_level.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

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

namespace {

// The byte that the character at `at` of well-formed text stands for, or -1; `at` moves behind the character
// if there is such a byte.
int next_byte(const char*& at) {
  const auto lead = static_cast<unsigned char>(*at);
  if (lead >= 0xE0) return -1;
  ++at;
  if (lead < 0x80) return bytes[lead];
  return char_to_byte(static_cast<char32_t>(lead & 0x1F) << 6 | (static_cast<unsigned char>(*at++) & 0x3F));
}

}  // namespace

std::optional<std::string> text_to_bytes(std::string_view text) {
  std::string raw;
  raw.reserve(text.size());
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const int byte = next_byte(at);
    if (byte < 0) return std::nullopt;
    raw += static_cast<char>(static_cast<unsigned char>(byte));
  }
  return raw;
}

bool stands_for(std::string_view text, std::string_view raw) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (const char byte : raw)
    if (at == end || next_byte(at) != static_cast<unsigned char>(byte)) return false;
  return at == end;
}

std::string byte_token(unsigned char byte) { return "<0x" + hex(byte, 2, HexCase::upper) + ">"; }

int byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  unsigned byte = 0;
  const char* const end = token.data() + 5;
  return std::from_chars(token.data() + 3, end, byte, 16).ptr == end ? static_cast<int>(byte) : -1;
}

}  // namespace kelvin::unicode
