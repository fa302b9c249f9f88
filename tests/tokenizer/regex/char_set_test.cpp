#include "tokenizer/regex/char_set.h"

#include <doctest/doctest.h>

namespace kelvin::regex {

TEST_CASE("variants by case") {
  const auto variants = [](char32_t code) { return CharSet(code, code).with_case_variants(); };
  CHECK(variants('s') == CharSet::of({{'S', 'S'}, {'s', 's'}, {0x17F, 0x17F}}));
  CHECK(variants(0x17F) == variants('S'));
  CHECK(variants(0x1C89) == CharSet(0x1C89, 0x1C8A));
  CHECK(variants('1') == CharSet('1', '1'));
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
    for (const unicode::Range range : set->ranges()) size += range.last - range.first + 1;
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

}  // namespace kelvin::regex
