#include "tokenizer/unicode/byte_level.h"

#include <doctest/doctest.h>

#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

TEST_CASE("every byte has a printable character of its own") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const char32_t code = byte_to_char(static_cast<unsigned char>(byte));
    CHECK(code > 0x20);
    CHECK(char_to_byte(code) == byte);
    all += static_cast<char>(static_cast<unsigned char>(byte));
  }
  CHECK(text_to_bytes(bytes_to_text(all)) == all);
}

TEST_CASE("the map is that of GPT-2") {
  CHECK(byte_to_char(' ') == U'\u0120');
  CHECK(byte_to_char('\n') == U'\u010A');
  CHECK(byte_to_char('A') == U'A');
  CHECK(byte_to_char(0x7F) == U'\u0121');
  CHECK(byte_to_char(0xAD) == U'\u0143');
  CHECK(byte_to_char(0xFF) == U'\u00FF');
  CHECK_FALSE(text_to_bytes("a b").has_value());
  CHECK_FALSE(text_to_bytes("\u6F22").has_value());
  CHECK(stands_for("\u0120a\u00E9", " a\xE9"));
  CHECK_FALSE(stands_for("\u0120a\u00E9", " a"));
  CHECK_FALSE(stands_for("\u0120a", " a\xE9"));
  CHECK_FALSE(stands_for("\u0120a", " b"));
  CHECK_FALSE(stands_for("a\u6F22", "a\x6F"));
  CHECK(stands_for("", ""));
}

TEST_CASE("bytes by SentencePiece's names") {
  CHECK(byte_token(0x0A) == "<0x0A>");
  for (int byte = 0; byte < 256; ++byte)
    CHECK(byte_of_token(byte_token(static_cast<unsigned char>(byte))) == byte);
  CHECK(byte_of_token("<0xfe>") == 0xFE);
  for (const char* none : {"", "<0xG0>", "<0x0A", "0x0A", "<0x00A>"}) CHECK(byte_of_token(none) == -1);
}

}  // namespace kelvin::unicode
