#include "tokenizer/unicode/escape.h"

#include <doctest/doctest.h>

namespace kelvin::unicode {

TEST_CASE("hexadecimal of at least so many digits") {
  CHECK(hex(0xA, 2) == "0a");
  CHECK(hex(0x1F98A, 4, HexCase::upper) == "1F98A");
  CHECK(hex(0, 1) == "0");
  CHECK(hex(0xFFFFFFFF, 1) == "ffffffff");
  CHECK(escaped_bytes("\x01\xFE") == "\\x01\\xfe");
  CHECK(escaped_bytes("\xFE", HexCase::upper) == "\\xFE");
}

TEST_CASE("parts are spelled out where asked for") {
  std::string text = "<";
  append_escaped(text, "a\u00E9\n\xE6\xBC\xFF", [](char32_t code, std::string_view part) {
    if (code == ill_formed) return "[" + std::to_string(part.size()) + "]";
    return code == '\n' ? std::string("\\n") : std::string();
  });
  CHECK(text == "<a\u00E9\\n[2][1]");
}

}  // namespace kelvin::unicode
