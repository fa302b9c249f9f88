#include "loaders/files/load_error.h"

#include <doctest/doctest.h>

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
