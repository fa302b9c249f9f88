#include "tools/output/wrapped_text.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("prose is broken at spaces, and nowhere else") {
  const auto wrapped = [](const std::string& text, std::size_t width) {
    std::string out = "> ";
    append_wrapped(out, text, 2, 2, width);
    return out;
  };
  CHECK(wrapped("one two three", 80) == "> one two three\n");
  CHECK(wrapped("one two three", 9) == "> one two\n  three\n");
  CHECK(wrapped("it is 95 % of all", 9) == "> it is\n  95 % of\n  all\n");
  CHECK(wrapped("about 95 %", 9) == "> about\n  95 %\n");
  CHECK(wrapped("one incomprehensible two", 9) == "> one\n  incomprehensible\n  two\n");
}

}  // namespace kelvin
