#include "engine/forward/routing.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace kelvin;
using namespace kelvin::engine;

namespace {

std::vector<ExpertChoice> choices(const ExpertSpec& spec, std::vector<float> logits,
                                  std::vector<float> correction = {}) {
  std::vector<ExpertChoice> chosen(static_cast<std::size_t>(spec.per_token));
  route(spec, logits, correction, chosen);
  return chosen;
}

ExpertSpec spec_of(int count, int per_token) {
  ExpertSpec spec;
  spec.count = count;
  spec.per_token = per_token;
  return spec;
}

}  // namespace

TEST_CASE("softmax routing: the likeliest experts, ascending, with their share of all") {
  ExpertSpec spec = spec_of(4, 2);
  const std::vector<float> logits = {0.5f, 2.0f, -1.0f, 1.25f};
  double all = 0;
  for (const float z : logits) all += std::exp(z);
  const auto plain = choices(spec, logits);
  CHECK(plain[0].expert == 1);
  CHECK(plain[1].expert == 3);
  CHECK(plain[0].weight == doctest::Approx(std::exp(2.0) / all).epsilon(1e-6));
  spec.normalise = true;
  spec.scale = 2.5f;
  const auto scaled = choices(spec, logits);
  CHECK(scaled[0].weight + scaled[1].weight == doctest::Approx(2.5));
  CHECK(scaled[1].weight / scaled[0].weight == doctest::Approx(std::exp(-0.75)).epsilon(1e-6));
}

TEST_CASE("ties go to the lower index, NaN comes last") {
  const auto tied = choices(spec_of(5, 2), {1.0f, 3.0f, 1.0f, 3.0f, 3.0f});
  CHECK(tied[0].expert == 1);
  CHECK(tied[1].expert == 3);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ExpertSpec spec = spec_of(3, 2);
  spec.scoring = Scoring::sigmoid;
  const auto broken = choices(spec, {nan, -50.0f, 0.0f});
  CHECK(broken[0].expert == 1);
  CHECK(broken[1].expert == 2);
}

TEST_CASE("a correction takes part in the choice, not in the weight") {
  ExpertSpec spec = spec_of(4, 1);
  spec.scoring = Scoring::sigmoid;
  spec.corrected = true;
  const auto chosen = choices(spec, {2.0f, 1.0f, 0.0f, -1.0f}, {0.0f, 0.0f, 0.75f, 0.0f});
  CHECK(chosen[0].expert == 2);
  CHECK(chosen[0].weight == doctest::Approx(0.5));
}

TEST_CASE("experts come out of the best groups only") {
  ExpertSpec spec = spec_of(6, 2);
  spec.groups = 3;
  spec.groups_kept = 1;
  // By its best expert the last group wins; by the best two the first one.
  const std::vector<float> logits = {1.0f, 0.9f, -3.0f, 0.95f, 1.2f, -4.0f};
  const auto by_best = choices(spec, logits);
  CHECK(by_best[0].expert == 4);
  CHECK(by_best[1].expert == 5);
  spec.scoring = Scoring::sigmoid;
  spec.corrected = true;
  const auto by_two = choices(spec, logits, std::vector<float>(6));
  CHECK(by_two[0].expert == 0);
  CHECK(by_two[1].expert == 1);
}
