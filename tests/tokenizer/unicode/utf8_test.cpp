#include "tokenizer/unicode/utf8.h"

#include <doctest/doctest.h>

namespace kelvin::unicode {

TEST_CASE("characters of every length are read and written") {
  for (char32_t code :
       {U'a', U'\x7F', U'\x80', U'\u07FF', U'\u0800', U'\uFFFD', U'\U00010000', U'\U0010FFFF'}) {
    const std::string text = to_utf8(code);
    const char* at = text.data();
    CHECK(next_char(at) == code);
    CHECK(at == text.data() + text.size());
    CHECK(last_char("x" + text) == code);
    CHECK(is_utf8(text));
  }
  CHECK(prefix_of_chars("a\u00E9\u6F22b", 2) == 3);
  CHECK(prefix_of_chars("ab", 5) == 2);
}

TEST_CASE("one U+FFFD stands for each maximal ill-formed part") {
  const auto lossy = [](std::string_view bytes) {
    std::string text;
    append_lossy(text, bytes);
    return text;
  };
  const std::string mark = "\uFFFD";
  CHECK(lossy("a\xFFz") == "a" + mark + "z");
  CHECK(lossy("\xE6\xBC") == mark);  // cut short
  CHECK(lossy("\xE6\xBCz") == mark + "z");
  CHECK(lossy("\xC0\xAF") == mark + mark);             // overlong
  CHECK(lossy("\xE0\x80\x80") == mark + mark + mark);  // overlong
  CHECK(lossy("\xED\xA0\x80") == mark + mark + mark);  // a surrogate
  CHECK(lossy("\xF4\x90\x80\x80") == mark + mark + mark + mark);
  CHECK(lossy("\xF0\x9F\x91\xF0\x9F\x91\xA9") == mark + "\U0001F469");
  CHECK(lossy("plain ASCII that is longer than eight bytes \xC3") ==
        "plain ASCII that is longer than eight bytes " + mark);
}

TEST_CASE("a character that is cut short is told from an impossible one") {
  CHECK(utf8_part("\xF0\x9F").cut_short);
  CHECK(utf8_part("\xF0\x9F").length == 2);
  CHECK_FALSE(utf8_part("\xF0\x41").cut_short);
  CHECK_FALSE(utf8_part("\xF5").cut_short);
  CHECK(utf8_part("\xC3\xA9").valid);
}

TEST_CASE("only well-formed UTF-8 has a length") {
  // Every two- and three-byte start, against the definition by decoding.
  for (unsigned lead = 0; lead < 256; ++lead)
    for (unsigned second = 0; second < 256; ++second) {
      const char text[] = {static_cast<char>(lead), static_cast<char>(second), '\x80', '\x80'};
      const bool continues = (second & 0xC0) == 0x80;
      std::size_t expected = 0;
      if (lead < 0x80)
        expected = 1;
      else if (lead >= 0xC0 && lead < 0xE0)
        expected = continues && (lead & 0x1Fu) << 6 >= 0x80 ? 2 : 0;
      else if (lead >= 0xE0 && lead < 0xF0) {
        const unsigned code = (lead & 0xFu) << 12 | (second & 0x3Fu) << 6;
        expected = continues && code >= 0x800 && (code < 0xD800 || code > 0xDFFF) ? 3 : 0;
      } else if (lead >= 0xF0 && lead < 0xF8) {
        const unsigned code = (lead & 7u) << 18 | (second & 0x3Fu) << 12;
        expected = continues && code >= 0x10000 && code <= 0x10FFFF ? 4 : 0;
      }
      CHECK(utf8_length({text, 4}) == expected);
      for (std::size_t available = 0; available < expected; ++available)
        CHECK(utf8_length({text, available}) == 0);
    }
}

}  // namespace kelvin::unicode
