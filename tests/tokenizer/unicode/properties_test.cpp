#include "tokenizer/unicode/properties.h"

#include <doctest/doctest.h>

namespace kelvin::unicode {

TEST_CASE("categories are those of Unicode 16") {
  CHECK(category(U'a') == Category::Ll);
  CHECK(category(U'\u01C5') == Category::Lt);
  CHECK(category(0x1C89) == Category::Lu);  // new in 16.0
  CHECK(category(0x88F) == Category::Cn);   // new in 17.0
  CHECK(category(0x10FFFF) == Category::Cn);
  CHECK(category(0xD800) == Category::Cs);
  CHECK(category(U'\u0300') == Category::Mn);
}

TEST_CASE("whitespace is White_Space") {
  int count = 0;
  for (char32_t code = 0; code <= 0x10FFFF; ++code) count += is_whitespace(code);
  CHECK(count == 25);
  for (char32_t code : {0x9, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x202F, 0x3000})
    CHECK(is_whitespace(code));
  for (char32_t code : {0x1C, 0x180E, 0x200B, 0xFEFF}) CHECK_FALSE(is_whitespace(code));
}

TEST_CASE("other properties follow other versions") {
  CHECK(is_number(U'\u00B2'));
  CHECK(is_number(0x11DE5));  // 17.0
  CHECK_FALSE(is_number(U'a'));
  CHECK(is_punctuation('$'));
  CHECK(is_punctuation(0x166D));        // a symbol since 12.0
  CHECK_FALSE(is_punctuation(0x2E43));  // 9.0
  CHECK_FALSE(is_punctuation(0x20AC));
  CHECK(is_mark(0x903));
  CHECK_FALSE(is_nonspacing(0x903));
  CHECK_FALSE(is_mark(0x898));  // 14.0
  CHECK(is_word('_'));
  CHECK(is_word(0x200D));
  CHECK_FALSE(is_word(0xB2));
}

TEST_CASE("what Python's str methods ask") {
  CHECK(is_letter(0x6F22));
  CHECK_FALSE(is_letter(0x2160));  // a letter number
  CHECK(is_uppercase(U'\u24B6'));
  CHECK(is_lowercase(U'\u00AA'));
  CHECK_FALSE(is_lowercase(U'\u01C5'));
}

TEST_CASE("what is seen of a text") {
  CHECK(is_control('\n'));
  CHECK(is_control(0x9B));
  CHECK_FALSE(is_control(0xA0));
  CHECK(is_visible(' '));
  CHECK(is_visible(U'\u0300'));
  for (char32_t code : {0x9, 0x9B, 0xAD, 0x200B, 0x202E, 0x2028, 0x2029, 0xD800, 0xE000, 0xFFFF, 0x88F})
    CHECK_FALSE(is_visible(code));
}

}  // namespace kelvin::unicode
