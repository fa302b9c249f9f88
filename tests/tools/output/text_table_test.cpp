#include "tools/output/text_table.h"

#include <doctest/doctest.h>

using namespace kelvin;

TEST_CASE("columns are as wide as their widest cell on a terminal") {
  CHECK(text_table({{"a", "12", "x"}, {"\u03b2\u03b2\u03b2", "3", ""}}, "lrl") ==
        "a    12  x\n\u03b2\u03b2\u03b2   3\n");
  CHECK(text_table({}, "ll").empty());
}
