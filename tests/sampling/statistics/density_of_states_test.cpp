#include "sampling/statistics/density_of_states.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace kelvin {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

// Logits in the shapes models have: a bulk, tails, ties, a favourite far above the rest.
std::vector<float> logits_like(const std::string& shape, std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<float> logits(count);
  std::normal_distribution<double> normal;
  std::student_t_distribution<double> heavy(5);
  for (float& z : logits) {
    if (shape == "normal") z = static_cast<float>(2.5 * normal(random) - 3);
    if (shape == "heavy") z = static_cast<float>(2 * heavy(random));
    if (shape == "ties") z = static_cast<float>(std::round(16 * normal(random)) / 8);
    if (shape == "favourite") z = static_cast<float>(normal(random));
    if (shape == "huge") z = static_cast<float>(1e30 * normal(random));
  }
  if (shape == "favourite") logits[count / 3] = 17;
  for (std::size_t i = 0; i < count; i += 97) logits[i] = minus_infinity;
  return logits;
}

// Relative, but quantities that vanish beside 1 need only stay small.
double deviation(double found, double expected) {
  if (found == expected) return 0;
  return std::fabs(found - expected) / std::max(std::fabs(expected), 1e-9);
}

double worst_deviation(const std::vector<float>& logits, int nodes, double scale) {
  const DensityOfStates states(logits, nodes);
  double worst = 0;
  for (const double beta : {-infinity, -300.0, -41.5, -7.3, -2.9, -1.0, -0.31, -1e-3, 0.0, 1e-3, 0.2, 0.77,
                            1.0, 1.7, 2.9, 5.0, 19.0, 120.0, infinity}) {
    const Thermo all = thermo(std::span<const float>(logits), beta * scale),
                 few = states.thermo(beta * scale);
    CHECK(few.possible == all.possible);
    CHECK(few.ties == all.ties);
    CHECK(few.extreme == all.extreme);
    worst = std::max({worst, deviation(few.log_z_shifted, all.log_z_shifted), deviation(few.log_z, all.log_z),
                      deviation((few.mean - few.extreme) * scale, (all.mean - all.extreme) * scale),
                      deviation(few.variance * scale * scale, all.variance * scale * scale),
                      deviation(few.entropy, all.entropy), deviation(few.heat_capacity, all.heat_capacity)});
    if (beta != 0) worst = std::max(worst, deviation(few.free_energy * scale, all.free_energy * scale));
  }
  return worst;
}

TEST_CASE("a few hundred states stand for a vocabulary at every beta") {
  for (const std::string shape : {"normal", "heavy", "ties", "favourite", "huge"})
    for (const std::size_t count : {5u, 700u, 32000u, 128256u}) {
      CAPTURE(shape);
      CAPTURE(count);
      const std::vector<float> logits = logits_like(shape, count);
      const double scale = shape == "huge" ? 1e-30 : 1.0;
      CHECK(worst_deviation(logits, exact_nodes, scale) < 1e-9);
      CHECK(worst_deviation(logits, report_nodes, scale) < 3e-4);
      if (count == 128256) CHECK(DensityOfStates(logits).logits().size() < 1200);
    }
}

TEST_CASE("tokens are conserved, ends are exact, order is ascending") {
  const std::vector<float> logits = logits_like("normal", 40000);
  const DensityOfStates states(logits);
  double tokens = 0;
  for (const double weight : states.weights()) {
    CHECK(weight > 0);
    tokens += weight;
  }
  CHECK(tokens == doctest::Approx(static_cast<double>(states.possible())).epsilon(1e-13));
  CHECK(states.largest() == *std::max_element(logits.begin(), logits.end()));
  CHECK(std::is_sorted(states.logits().begin(), states.logits().end()));
}

TEST_CASE("one token, equal tokens, denormals") {
  const DensityOfStates one(std::vector<float>{minus_infinity, 3.5f});
  CHECK(one.possible() == 1);
  CHECK(one.moments(-2).log_z_shifted == 0);
  CHECK(one.thermo(-infinity).entropy == 0);
  const DensityOfStates equal(std::vector<float>(9, -1.25f));
  CHECK(equal.thermo(0.3).entropy == doctest::Approx(std::log(9.0)));
  CHECK(equal.thermo(0.3).variance == 0);
  const std::vector<float> tiny = {0.0f, 1e-45f, 3e-45f, 7e-42f, 1e-38f};
  const double beta = 1e38;
  CHECK(DensityOfStates(tiny).thermo(beta).entropy ==
        doctest::Approx(thermo(std::span<const float>(tiny), beta).entropy));
}

TEST_CASE("what is no distribution is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(DensityOfStates(std::vector<float>{}), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(std::vector<float>(20, minus_infinity)), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(std::vector<float>{1, 2, 3, 4, 5, 6, 7, nan, 8}), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(std::vector<float>{1, -minus_infinity}), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(std::vector<float>{1, 2}).moments(nan), std::invalid_argument);
}

TEST_CASE("states that were kept are the same states") {
  const auto logits = logits_like("heavy", 3000);
  const DensityOfStates whole{std::span<const float>(logits)};
  const DensityOfStates kept({whole.logits().begin(), whole.logits().end()},
                             {whole.weights().begin(), whole.weights().end()}, whole.possible());
  CHECK(kept.thermo(0.7).entropy == whole.thermo(0.7).entropy);
  CHECK(kept.possible() == whole.possible());
  using Doubles = std::vector<double>;
  CHECK_THROWS_AS(DensityOfStates(Doubles{2, 1}, Doubles{1, 1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(Doubles{1, 2}, Doubles{1, 0}, 2), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(Doubles{1}, Doubles{1, 1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(Doubles{-infinity, 2}, Doubles{1, 1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(DensityOfStates(Doubles{}, Doubles{}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace kelvin
