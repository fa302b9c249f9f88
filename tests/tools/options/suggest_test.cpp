#include "tools/options/suggest.h"

#include <doctest/doctest.h>

#include <vector>

namespace kelvin {

TEST_CASE("slips of the fingers find their word; other words do not") {
  const std::vector<std::string> words = {"temp", "top-k", "top-p", "min-p", "save", "seed", "system"};
  CHECK(suggestion("tmep", words) == "; did you mean temp?");
  CHECK(suggestion("topk", words) == "; did you mean top-k?");
  CHECK(suggestion("minp", words, "--") == "; did you mean --min-p?");
  CHECK(suggestion("sys", words, "/") == "; did you mean /system?");
  CHECK(suggestion("sede", words) == "; did you mean seed?");
  CHECK(suggestion("hello", words) == "");
  CHECK(suggestion("", words) == "");
  CHECK(suggestion(std::string(100000, 'x'), words) == "");
}

}  // namespace kelvin
