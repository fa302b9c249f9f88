#include "tools/lab/duel/step_comparison.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace kelvin {

TEST_CASE("divergences of two distributions, by hand") {
  const auto ln = [](double p) { return static_cast<float>(std::log(p)); };
  const std::vector<float> a = {ln(0.5) + 3, ln(0.25) + 3, ln(0.25) + 3}, b = {ln(0.25), ln(0.25), ln(0.5)};
  const StepComparison c = compare_steps(a, b);
  CHECK(c.kl == doctest::Approx(0.25 * std::log(2.0)).epsilon(1e-6));
  CHECK(c.kl_back == doctest::Approx(0.25 * std::log(2.0)).epsilon(1e-6));
  CHECK(c.total_variation == doctest::Approx(0.25).epsilon(1e-6));
  CHECK(c.entropy == doctest::Approx(1.5 * std::log(2.0)).epsilon(1e-6));
  CHECK(c.entropy_b == doctest::Approx(c.entropy).epsilon(1e-6));
  CHECK(c.independent == doctest::Approx(0.3125).epsilon(1e-6));
}

TEST_CASE("what one removes is infinitely far from it, in one direction") {
  constexpr float off = -std::numeric_limits<float>::infinity();
  const std::vector<float> all = {0, 0, off}, one = {1, off, off};
  const StepComparison c = compare_steps(all, one), back = compare_steps(one, all);
  CHECK(std::isinf(c.kl));
  CHECK(c.kl_back == doctest::Approx(std::log(2.0)));
  CHECK(back.kl == c.kl_back);
  CHECK(c.total_variation == 0.5);
  CHECK(c.entropy_b == 0);
  StepSums sums;
  sums.add(c);
  sums.add(compare_steps(all, all));
  StepSums twice = sums;
  twice += sums;
  CHECK(twice.steps == 4);
  CHECK(twice.infinite == 2);
  CHECK(twice.infinite_back == 0);
  CHECK(twice.kl == 0);
  CHECK(twice.kl_back == doctest::Approx(2 * std::log(2.0)));
}

}  // namespace kelvin
