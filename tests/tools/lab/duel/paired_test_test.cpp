#include "tools/lab/duel/paired_test.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "sampling/noise.h"

namespace kelvin {

TEST_CASE("a test of pairs, by hand") {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> first = {1, 2, 3, none, 4}, second = {2, 4, 4, 9, 6};
  const PairedTest t = paired_test(first, second, 0);
  CHECK(t.pairs == 4);
  CHECK(t.first == 2.5);
  CHECK(t.second == 4);
  CHECK(t.difference == 1.5);
  // Differences 1, 2, 1, 2: variance 1/3. Variances of both: 5/3 and 8/3.
  CHECK(t.error == doctest::Approx(std::sqrt(1.0 / 12)));
  CHECK(t.unpaired_error == doctest::Approx(std::sqrt(13.0 / 12)));
  CHECK(t.fewer == doctest::Approx(13));
  CHECK(t.p == 2.0 / 16);  // all signs equal
  CHECK(t.correlation == doctest::Approx((5.0 / 3 + 8.0 / 3 - 1.0 / 3) / 2 / std::sqrt(40.0 / 9)));
}

TEST_CASE("equal pairs do not differ, and pairs that differ alike need no more draws") {
  const std::vector<double> a = {1, 2, 4}, b = {2, 3, 5};
  CHECK(paired_test(a, a, 0).p == 1);
  CHECK(paired_test(a, a, 0).difference == 0);
  CHECK(std::isinf(paired_test(a, b, 0).fewer));
  CHECK(std::isnan(paired_test(std::vector<double>{1}, std::vector<double>{2}, 0).error));
  CHECK(paired_test({}, {}, 0).pairs == 0);
}

TEST_CASE("p of many pairs is nearly that of the normal distribution, and seeded") {
  std::vector<double> zero(100, 0.0), moved;
  for (int i = 0; i < 100; ++i) moved.push_back(2 * Noise(3, 0, 0).uniform(i) - 1 + 0.1);
  const PairedTest t = paired_test(zero, moved, 4);
  double squares = 0;
  for (const double x : moved) squares += x * x;
  // Signs turn the sum into one of that variance around 0.
  const double z = 100 * t.difference / std::sqrt(squares);
  CHECK(t.p == doctest::Approx(std::erfc(z / std::sqrt(2.0))).epsilon(0.15));
  CHECK(paired_test(zero, moved, 4).p == t.p);
}

}  // namespace kelvin
