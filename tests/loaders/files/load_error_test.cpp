#include "loaders/files/load_error.h"

#include <doctest/doctest.h>

#include "loaders/files/utf8.h"

using namespace kelvin;

TEST_CASE("an error holds path and problem") {
  CHECK(std::string(LoadError("a/config.json", "x expected").what()) == "a/config.json: x expected");
}

TEST_CASE("text out of a file is shown without control characters and cut") {
  CHECK(printable("plain é 日本") == "plain é 日本");
  CHECK(printable(std::string("a\n\x1b[31m\0\x7f", 9)) == "a\\x0a\\x1b[31m\\x00\\x7f");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");
  CHECK(printable("\xc2\xa0") == "\xc2\xa0");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("ééé", 3) == "éé...");
  CHECK(in_quotes("a\tb") == "\"a\\x09b\"");
}

TEST_CASE("only well-formed UTF-8 has a length") {
  // Every two- and three-byte start, against the definition by decoding.
  for (unsigned lead = 0; lead < 256; ++lead)
    for (unsigned second = 0; second < 256; ++second) {
      const char text[] = {static_cast<char>(lead), static_cast<char>(second), '\x80', '\x80'};
      const bool continues = (second & 0xC0) == 0x80;
      int expected = 0;
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
      CHECK(utf8_length(text, 4) == expected);
      for (std::size_t available = 0; available < static_cast<std::size_t>(expected); ++available)
        CHECK(utf8_length(text, available) == 0);
    }
}
