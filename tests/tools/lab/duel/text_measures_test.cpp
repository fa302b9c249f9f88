#include "tools/lab/duel/text_measures.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace kelvin {

TEST_CASE("n-grams that differ, come again, and are shared") {
  const std::vector<std::vector<int>> texts = {{1, 2, 1, 2, 1}, {2, 1, 3}, {7}};
  CHECK(distinct_n(texts, 1) == doctest::Approx(4.0 / 9));
  CHECK(distinct_n(texts, 2) == doctest::Approx(3.0 / 6));  // 12 21 13
  CHECK(repeated_n(texts[0], 2) == doctest::Approx(0.5));
  CHECK(std::isnan(repeated_n(texts[2], 2)));
  const auto shared = shared_n(texts, 2);
  CHECK(shared[0] == 0.5);  // 21 twice, 12 twice
  CHECK(shared[1] == 0.5);  // 21, 13
  CHECK(std::isnan(shared[2]));
}

TEST_CASE("LZ78: phrases by their predecessor's number and a byte") {
  // a, aa, and a again: 0 + 8, 1 + 8 and 2 + 8 bits.
  CHECK(compression_ratio("aaaa") == doctest::Approx(32.0 / 27));
  // a, b, c: nothing is saved.
  CHECK(compression_ratio("abc") == doctest::Approx(24.0 / 27));
  CHECK(compression_ratio(std::string(10000, 'x')) > 20);
  CHECK(std::isnan(compression_ratio("")));
}

}  // namespace kelvin
