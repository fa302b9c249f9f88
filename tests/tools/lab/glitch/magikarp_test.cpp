#include "tools/lab/glitch/magikarp.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tools/lab/glitch/copy_test.h"

namespace kelvin {

TEST_CASE("magikarp's distances, by hand") {
  // Mean of rows 0 and 1: (3, 4, 0). The first component is taken to be the third axis.
  const std::vector<float> values = {2, 4, 1, 4, 4, -1, 0, 5, 0, 6, 8, 3, 0, 0, 0};
  Matrix matrix;
  matrix.storage = Storage::f32;
  matrix.rows = 5;
  matrix.cols = 3;
  matrix.data = values.data();
  const std::vector<int> unused = {0, 1};
  const std::vector<double> third = {0, 0, 1};
  const auto found = magikarp_indicators(matrix, 5, unused, third, 2);
  CHECK(found[2].cosine == doctest::Approx(1 - 20.0 / 25));
  CHECK(found[2].l2 == doctest::Approx(std::sqrt(10.0)));
  CHECK(found[3].cosine == doctest::Approx(1 - 50 / (5 * std::sqrt(109.0))));
  CHECK(found[3].cosine_without_first_pc == doctest::Approx(0).scale(1));
  CHECK(found[0].cosine_without_first_pc == doctest::Approx(1 - 22 / (5 * std::sqrt(20.0))));
  CHECK(found[4].cosine == 1);  // a row of zeros has no direction
  CHECK(found[4].l2 == 5);
}

TEST_CASE("Spearman's correlation, ties sharing their ranks") {
  const std::vector<double> a = {1, 2, 3, 4, 5}, b = {10, 30, 20, 50, 40}, c = {1, 1, 2, 3, 3};
  CHECK(rank_correlation(a, a) == doctest::Approx(1));
  CHECK(rank_correlation(a, b) == doctest::Approx(1 - 6 * 4 / (5.0 * 24)));
  // Ranks of c: 0.5, 0.5, 2, 3.5, 3.5 around 2.
  CHECK(rank_correlation(a, c) == doctest::Approx(9 / std::sqrt(10 * 9.0)));
}

TEST_CASE("Fisher's exact test: a lady tastes tea") {
  CHECK(copied_less_p(4, 1, 4, 3) == doctest::Approx(17.0 / 70));
  CHECK(copied_less_p(4, 0, 4, 4) == doctest::Approx(1.0 / 70));
  CHECK(copied_less_p(20, 20, 20, 20) == doctest::Approx(1));
  // 0 of 20 against 14 of 20: C(20, 14) / C(40, 14).
  CHECK(copied_less_p(20, 0, 20, 14) == doctest::Approx(38760 / 23206929840.0).epsilon(1e-6));
}

}  // namespace kelvin
