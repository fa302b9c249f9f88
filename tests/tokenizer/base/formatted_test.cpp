#include "tokenizer/base/formatted.h"

#include <doctest/doctest.h>

namespace kelvin {
namespace {

TEST_CASE("numbers, text and lengths beyond any buffer") {
  CHECK(formatted("layer %2d  KL %7.4f %% %s", 3, 0.25, "x") == "layer  3  KL  0.2500 % x");
  CHECK(formatted("%s", "") == "");
  const std::string text(100'000, 'k');
  CHECK(formatted("<%s>", text.c_str()) == "<" + text + ">");
}

}  // namespace
}  // namespace kelvin
