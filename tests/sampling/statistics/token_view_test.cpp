#include "sampling/statistics/token_view.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace kelvin {
namespace {

constexpr float none = -std::numeric_limits<float>::infinity();

std::vector<int> ids_of(const std::vector<TokenRank>& chances) {
  std::vector<int> ids;
  for (const TokenRank& chance : chances) ids.push_back(chance.id);
  return ids;
}

TEST_CASE("both ends, in order, impossible tokens left out") {
  const std::vector<float> logits = {0.5f, 2.0f, none, -1.0f, 2.0f, -1.0f};
  const DistributionView view = view_distribution(logits, 3, 2);
  CHECK(ids_of(view.top) == std::vector<int>{1, 4, 0});
  CHECK(ids_of(view.bottom) == std::vector<int>{5, 3});
  CHECK(view.bottom[0].rank == 5);
  double z = 0, entropy = 0;
  for (const double logit : {0.5, 2.0, -1.0, 2.0, -1.0}) z += std::exp(logit);
  for (const double logit : {0.5, 2.0, -1.0, 2.0, -1.0})
    entropy -= std::exp(logit) / z * (logit - std::log(z));
  CHECK(view.entropy == doctest::Approx(entropy).epsilon(1e-12));
  CHECK(view.top[2].probability == doctest::Approx(std::exp(0.5) / z).epsilon(1e-12));
  CHECK(view.top[2].log_probability == doctest::Approx(0.5 - std::log(z)).epsilon(1e-12));
}

TEST_CASE("the chance of one token") {
  const std::vector<float> logits = {0.5f, 2.0f, none, -1.0f, 2.0f};
  CHECK(token_rank(logits, 4).rank == 2);
  CHECK(token_rank(logits, 3).rank == 4);
  CHECK(token_rank(logits, 2).rank == 0);
  CHECK(token_rank(logits, 2).probability == 0.0);
  CHECK(log_probability(logits, 0) == token_rank(logits, 0).log_probability);
}

TEST_CASE("ln p of a long row, from sums of long doubles") {
  std::vector<float> logits;
  for (int i = 0; i < 1003; ++i) logits.push_back(static_cast<float>((i * 7919) % 1003) / 40.0f - 9.0f);
  logits[5] = none;
  for (const float top : {16.5f, 60.0f}) {  // among the others, and far above them
    logits[700] = logits[900] = top;
    long double sum = 0;
    for (const float z : logits) sum += std::exp(static_cast<long double>(z) - top);
    for (const int id : {0, 3, 700, 1002}) {
      CAPTURE(id);
      const long double expected =
          static_cast<long double>(logits[static_cast<std::size_t>(id)]) - top - std::log(sum);
      CHECK(log_probability(logits, id) == doctest::Approx(static_cast<double>(expected)).epsilon(1e-14));
    }
    CHECK(log_probability(logits, 5) == -std::numeric_limits<double>::infinity());
  }
  // What is left to others is told where it is next to nothing: ln p = -2 exp(-50).
  const std::vector<float> sure = {0.0f, 50.0f, 0.0f};
  CHECK(log_probability(sure, 1) == doctest::Approx(-2 * std::exp(-50.0)).epsilon(1e-12));
}

TEST_CASE("self-certainty is the divergence of the uniform distribution from the model's") {
  const std::vector<float> logits = {0.5f, 2.0f, none, -1.0f, 2.0f};
  double z = 0, divergence = 0;
  for (const double logit : {0.5, 2.0, -1.0, 2.0}) z += std::exp(logit);
  for (const double logit : {0.5, 2.0, -1.0, 2.0})
    divergence += 0.25 * std::log(0.25 / (std::exp(logit) / z));
  CHECK(self_certainty(logits) == doctest::Approx(divergence).epsilon(1e-12));
  CHECK(self_certainty(std::vector<float>(7, 3.5f)) == doctest::Approx(0).epsilon(1e-14));
  CHECK_THROWS_AS(self_certainty(std::vector<float>{none}), std::invalid_argument);
}

TEST_CASE("more asked for than there are") {
  const std::vector<float> logits = {1.0f, none};
  const DistributionView view = view_distribution(logits, 5, 5);
  CHECK(view.top.size() == 1);
  CHECK(view.bottom.size() == 1);
  CHECK(view.entropy == 0.0);
}

}  // namespace
}  // namespace kelvin
