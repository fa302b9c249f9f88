#include "tokenizer/unicode/unicode.h"

#include <doctest/doctest.h>

#include "tokenizer/regex/char_set.h"

namespace kelvin {

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
  for (char32_t code = 0; code <= CharSet::last_code; ++code) count += is_whitespace(code);
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

TEST_CASE("case") {
  CHECK(lower_case('Q') == 'q');
  CHECK(lower_case(0x1E9E) == 0xDF);
  CHECK(lower_case(0x16EA0) == 0x16EBB);  // 17.0
  CHECK(lower_case(0x101) == 0x101);
  const auto variants = [](char32_t code) { return CharSet(code, code).with_case_variants(); };
  CHECK(variants('s') == CharSet::of({{'S', 'S'}, {'s', 's'}, {0x17F, 0x17F}}));
  CHECK(variants(0x17F) == variants('S'));
  CHECK(variants(0x1C89) == CharSet(0x1C89, 0x1C8A));
  CHECK(variants('1') == CharSet('1', '1'));
  CHECK(folds_to_several(0xDF));
  CHECK_FALSE(folds_to_several('s'));
}

TEST_CASE("sets") {
  const CharSet set = CharSet::of({{5, 9}, {1, 2}, {3, 4}, {20, 30}, {25, 40}});
  CHECK(set == CharSet::of({{1, 9}, {20, 40}}));
  CHECK(set.inverted().inverted() == set);
  CHECK(set.inverted().contains(10));
  CHECK_FALSE(set.inverted().contains(9));
  CHECK(set.intersected(CharSet(8, 22)) == CharSet::of({{8, 9}, {20, 22}}));
  CHECK(CharSet().inverted() == CharSet(0, CharSet::last_code));
}

TEST_CASE("properties by name") {
  const auto size_of = [](std::string_view name) {
    const std::optional<CharSet> set = property_set(name);
    REQUIRE(set.has_value());
    std::size_t size = 0;
    for (const CodeRange range : set->ranges()) size += range.last - range.first + 1;
    return size;
  };
  CHECK(size_of("L") == 141028);
  CHECK(size_of("Letter") == 141028);
  CHECK(size_of("N") == 1911);
  CHECK(size_of("P") == 855);
  CHECK(size_of("Alphabetic") == 142759);
  CHECK(size_of("Han") == 99030);
  CHECK(size_of("Hani") == 99030);
  CHECK(size_of("upper") == 1978);
  CHECK(size_of("lower") == 2569);
  CHECK_FALSE(property_set("Klingon").has_value());
}

}  // namespace kelvin
