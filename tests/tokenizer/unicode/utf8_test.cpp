#include "tokenizer/unicode/utf8.h"

#include <doctest/doctest.h>

namespace kelvin {

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

}  // namespace kelvin
