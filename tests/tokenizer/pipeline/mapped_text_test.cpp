#include "tokenizer/pipeline/mapped_text.h"

#include <doctest/doctest.h>

#include "tests/tokenizer/charsmap_builder.h"

namespace kelvin::tokenizer {

TEST_CASE("mapped text tells what is left of the first character, counted as the reference counts") {
  const CharsMap map(test::charsmap({{"a", "xyz"}, {"b", ""}, {"c", "d"}}));
  const auto left = [&](const std::string& text) {
    std::size_t origin = 1;
    const std::string out = mapped(text, map, 1000, origin);
    return out.substr(0, origin);
  };
  CHECK(left("ac") == "xyz");
  CHECK(left("cb") == "d");
  CHECK(left("bcc") == "d");  // what goes at the front is not counted
  CHECK(left("bbb").empty());
}

}  // namespace kelvin::tokenizer
