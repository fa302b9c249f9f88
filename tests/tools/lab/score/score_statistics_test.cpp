#include "tools/lab/score/score_statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace kelvin {
namespace {

Vote vote(bool right, const char* answer, double log_probability = 0, double certainty = 0) {
  Vote one{right, std::nullopt, log_probability, certainty};
  if (answer) one.answer = answer;
  return one;
}

TEST_CASE("pass@k is one less the share of sets of k that are all wrong") {
  CHECK(pass_at_k(4, 0, 1) == 0);
  CHECK(pass_at_k(4, 1, 1) == doctest::Approx(0.25));
  // C(4, 2) = 6 pairs, of which C(3, 2) = 3 are wrong.
  CHECK(pass_at_k(4, 1, 2) == doctest::Approx(0.5));
  // C(10, 4) = 210, C(7, 4) = 35.
  CHECK(pass_at_k(10, 3, 4) == doctest::Approx(1 - 35.0 / 210));
  CHECK(pass_at_k(10, 7, 4) == 1);
  CHECK(pass_at_k(5, 5, 5) == 1);
  CHECK(pass_at_k(5, 0, 5) == 0);
  // By (n - c)! (n - k)! / (n - c - k)! n! with n = 200: (190/200) (189/199) (188/198).
  CHECK(pass_at_k(200, 10, 3) == doctest::Approx(1 - 190.0 * 189 * 188 / (200.0 * 199 * 198)));
}

TEST_CASE("the mean of pass@k over all draws of n answers is the chance of k answers") {
  // Answers are right with p = 0.3; E[pass@2 of 5] = 1 - 0.7^2.
  double mean = 0;
  for (int bits = 0; bits < 32; ++bits) {
    double p = 1;
    std::size_t right = 0;
    for (int i = 0; i < 5; ++i) {
      const bool is_right = (bits >> i & 1) != 0;
      p *= is_right ? 0.3 : 0.7;
      right += is_right ? 1 : 0;
    }
    mean += p * pass_at_k(5, right, 2);
  }
  CHECK(mean == doctest::Approx(0.51).epsilon(1e-12));
}

TEST_CASE("the majority's answer counts, ties by their share, silence not at all") {
  const std::vector<Vote> clear = {vote(false, "5"),     vote(true, "4"),      vote(true, "4"),
                                   vote(false, nullptr), vote(false, nullptr), vote(false, nullptr)};
  CHECK(majority(clear) == 1);
  const std::vector<Vote> lost = {vote(true, "4"), vote(false, "5"), vote(false, "5")};
  CHECK(majority(lost) == 0);
  const std::vector<Vote> three = {vote(true, "4"), vote(false, "5"), vote(false, "6")};
  CHECK(majority(three) == doctest::Approx(1.0 / 3));
  CHECK(majority(std::vector<Vote>{vote(false, nullptr)}) == 0);
}

TEST_CASE("the best of n is the one of the largest value, the first of equal ones") {
  const std::vector<Vote> votes = {vote(false, "a", -2.5, 7), vote(true, "b", -0.5, 3),
                                   vote(false, "c", -0.5, 9)};
  CHECK(best_of(votes, &Vote::log_probability));
  CHECK_FALSE(best_of(votes, &Vote::self_certainty));
}

TEST_CASE("standard errors count clusters") {
  const std::vector<double> values = {1, 0.5, 0, 0.5};
  const std::vector<std::string> alone = {"a", "b", "c", "d"}, pairs = {"a", "a", "b", "b"};
  // Squares of deviations 0.25 + 0.25 = 0.5; sqrt(0.5 / 3 / 4).
  CHECK(clustered_mean(values, alone).mean == doctest::Approx(0.5));
  CHECK(clustered_mean(values, alone).error == doctest::Approx(std::sqrt(0.5 / 12)));
  // Sums of deviations 0.5 and -0.5; sqrt(2 / 1 * 0.5) / 4.
  CHECK(clustered_mean(values, pairs).error == doctest::Approx(0.25));
  CHECK(std::isnan(clustered_mean(values, std::vector<std::string>(4, "one")).error));
}

}  // namespace
}  // namespace kelvin
