#include "tokenizer/unicode/width.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace kelvin::unicode {

TEST_CASE("columns of a terminal") {
  for (char32_t narrow : {0x20, 0x41, 0xAD, 0xE9, 0x416, 0x5D0, 0x1F321}) CHECK(columns_of(narrow) == 1);
  for (char32_t wide : {0x1100, 0x2705, 0x3042, 0x6F22, 0xAC00, 0xFF21, 0x1F98A, 0x1FAE8, 0x20000, 0x3FFFD})
    CHECK(columns_of(wide) == 2);
  for (char32_t nothing : {0x300, 0x5B0, 0x93C, 0x1160, 0x200B, 0x200D, 0x20E3, 0xFE0F, 0x1F3FB, 0xE0100})
    CHECK(columns_of(nothing) == 0);
}

}  // namespace kelvin::unicode
