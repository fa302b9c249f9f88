#include "tools/lab/sweep/sweep_features.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/support.h"

namespace kelvin {
namespace {

std::vector<ObservedStep> step_of(const std::vector<float>& logits) {
  return {{DensityOfStates(logits), 0.0}};
}

TEST_CASE("two levels: the Schottky peak where x tanh(x) has its extremum") {
  // Energies 0 and d, once each: C = x^2 / cosh^2 x with x = d / 2T, largest where x tanh x = 1.
  const double d = 3, x = 1.1996786402577339;
  const auto features = sweep_features(step_of({0, 3}), 1);
  REQUIRE(features.size() == 2);
  for (const double side : {1.0, -1.0}) {
    const SweepFeature& peak = features[side > 0 ? 0 : 1];
    CHECK(peak.kind == SweepFeature::Kind::peak);
    CHECK(1 / peak.at.beta == doctest::Approx(side * d / (2 * x)).epsilon(2e-4));
    CHECK(peak.at.heat_capacity == doctest::Approx(std::pow(x / std::cosh(x), 2)).epsilon(1e-7));
    CHECK(peak.around.size() == 13);
    CHECK(std::is_sorted(peak.around.begin(), peak.around.end(),
                         [](const auto& a, const auto& b) { return a.beta > b.beta; }));
  }
  CHECK(test::holds(in_words(features[0]), "from choosing to guessing"));
}

TEST_CASE("a thousand tokens that are hardly told apart are a plateau below zero that counts them") {
  // Far below the others, and within 0.002 of each other.
  std::vector<float> logits;
  for (int i = 0; i < 1000; ++i) logits.push_back(-30.0f + 0.002f * static_cast<float>(i) / 1000);
  for (int i = 0; i < 5000; ++i) logits.push_back(static_cast<float>(i) / 1000);
  const auto features = sweep_features(step_of(logits), 2);
  const auto plateau = std::find_if(features.begin(), features.end(), [](const SweepFeature& f) {
    return f.kind == SweepFeature::Kind::plateau && f.at.beta < 0;
  });
  REQUIRE(plateau != features.end());
  CHECK(std::exp(plateau->at.entropy) == doctest::Approx(1000).epsilon(0.02));
  CHECK(test::holds(in_words(*plateau), "tokens were equally likely: the least likely ones"));
  // Nothing but equal logits: nothing to say.
  CHECK(sweep_features(step_of({1, 1, 1}), 1).empty());
  CHECK(sweep_features({}, 1).empty());
}

}  // namespace
}  // namespace kelvin
