#include "tools/terminal/display_width.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("columns of narrow, wide and combining characters") {
  CHECK(display_columns("abc") == 3);
  CHECK(display_columns("\xC3\xA9") == 1);                  // e with acute
  CHECK(display_columns("e\xCC\x81") == 1);                 // the same, decomposed
  CHECK(display_columns("\xE6\x97\xA5\xE6\x9C\xAC") == 4);  // Nihon
  CHECK(display_columns("\xF0\x9F\xA6\x8A") == 2);          // fox
  CHECK(display_columns("\xEA\xB0\x80") == 2);              // Hangul
  CHECK(display_columns("\xD0\x96") == 1);                  // Cyrillic
}

TEST_CASE("characters are stepped over as a whole") {
  const std::string text =
      "e\xCC\x81\xF0\x9F\xA6\x8A"
      "b";
  CHECK(next_character(text, 0) == 3);
  CHECK(next_character(text, 3) == 7);
  CHECK(next_character(text, 8) == 8);
  CHECK(previous_character(text, 8) == 7);
  CHECK(previous_character(text, 7) == 3);
  CHECK(previous_character(text, 3) == 0);
  CHECK(previous_character(text, 0) == 0);
}

TEST_CASE("typed text is valid UTF-8 without control characters") {
  CHECK(typed_text("a\tb\nc\x01\x7F\r") == "a\tb\nc");
  CHECK(typed_text("x\xC3") == "x\xEF\xBF\xBD");
  CHECK(typed_text("\xFF\xC3\xA9") == "\xEF\xBF\xBD\xC3\xA9");
}

}  // namespace kelvin
