#include "tools/lab/forensics/forensics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/noise.h"
#include "tests/support.h"

namespace kelvin {
namespace {

std::vector<float> random_row(std::uint64_t seed, std::size_t size, float spread) {
  std::mt19937_64 random(seed);
  std::vector<float> row(size);
  for (float& z : row) z = std::normal_distribution<float>(0, spread)(random);
  return row;
}

// Steps of a made-up model, drawn through a chain.
std::vector<RankedStep> drawn_steps(const std::string& chain_text, int count) {
  const Chain chain = Chain::parse(chain_text);
  ChainState state;
  std::vector<RankedStep> steps;
  for (int t = 0; t < count; ++t) {
    const std::vector<float> row = random_row(static_cast<std::uint64_t>(t) + 1, 800, 2);
    std::vector<float> edited = row;
    const std::vector<int> before(static_cast<std::size_t>(t) + 1, 0);
    steps.emplace_back(row, chain.sample(edited, {before, 1, 7, 0}, state));
  }
  return steps;
}

TEST_CASE("a step in order of likelihood, beside sums over all tokens") {
  const std::vector<float> row = random_row(3, 3000, 2);
  const int id = 77;
  std::vector<float> sorted = row;
  std::sort(sorted.rbegin(), sorted.rend());
  const RankedStep step(row, id);
  const double z = row[77];
  CHECK(step.rank() ==
        static_cast<std::size_t>(std::find(sorted.begin(), sorted.end(), row[77]) - sorted.begin()) + 1);
  double total = 0, above = 0;
  for (const float other : row) {
    total += std::exp(static_cast<double>(other));
    if (other > z) above += std::exp(static_cast<double>(other));
  }
  CHECK(step.above() == doctest::Approx(above / total).epsilon(1e-12));
  CHECK(step.share_of_best() == doctest::Approx(std::exp(z - sorted[0])).epsilon(1e-12));
  for (const double beta : {0.4, 1.0, 2.0, -0.7})
    for (const std::size_t kept : {std::size_t{40}, std::size_t{1500}, std::size_t{3000}}) {
      CAPTURE(beta);
      CAPTURE(kept);
      double sum = 0, mean = 0, square = 0;
      for (std::size_t i = 0; i < kept; ++i) sum += std::exp(beta * sorted[i]);
      for (std::size_t i = 0; i < kept; ++i) mean += std::exp(beta * sorted[i]) / sum * sorted[i];
      for (std::size_t i = 0; i < kept; ++i)
        square += std::exp(beta * sorted[i]) / sum * (sorted[i] - mean) * (sorted[i] - mean);
      const RankedStep::Moments m = step.moments(beta, kept);
      // Exact for the 512 likeliest; groups of others cost little.
      const double error = kept <= 512 ? 1e-10 : 2e-2;
      CHECK(std::fabs(m.log_z - std::log(sum)) < error);
      CHECK(std::fabs(m.mean - mean) < error);
      CHECK(m.variance == doctest::Approx(square).epsilon(error));
    }
  // 0.5 and 0.9 of the probability, and a twentieth of the best.
  for (const double p : {0.5, 0.9}) {
    double mass = 0;
    std::size_t kept = 0;
    while (mass < p * total) mass += std::exp(static_cast<double>(sorted[kept++]));
    const double found = static_cast<double>(step.kept_by_top_p(p)), wanted = static_cast<double>(kept);
    CHECK(std::fabs(found - wanted) <= (kept <= 512 ? 0 : 0.03 * wanted));
  }
  CHECK(step.kept_by_min_p(0.05) ==
        static_cast<std::size_t>(std::count_if(
            sorted.begin(), sorted.end(), [&](float other) { return other >= sorted[0] + std::log(0.05); })));
  CHECK_THROWS_AS(RankedStep(std::vector<float>{1, -std::numeric_limits<float>::infinity()}, 1),
                  std::invalid_argument);
}

TEST_CASE("samplers are told apart, with their temperature and their cut") {
  struct Sampler {
    std::string chain;
    std::size_t best;
    double t, parameter;
  };
  for (const Sampler& is : {Sampler{"temp=1.3", 0, 1.3, 0}, Sampler{"top-k=30,temp=0.8", 1, 0.8, 30},
                            Sampler{"top-p=0.9,temp=1.2", 2, 1.2, 0.9},
                            Sampler{"min-p=0.05,temp=1.5", 3, 1.5, 0.05}, Sampler{"temp=-2", 0, -2, 0}}) {
    CAPTURE(is.chain);
    const Forensics found = infer_sampler(drawn_steps(is.chain, 400), 0, 1);
    REQUIRE(found.fits.size() == 4);
    CHECK(found.best == is.best);
    const CutFit& best = found.fits[found.best];
    CHECK(std::fabs(best.beta - 1 / is.t) < 4 * best.beta_error);
    CHECK(best.beta_error < 0.2);
    CHECK(best.fit_p > 0.001);
    if (is.best == 0) continue;
    // The cut lies within the interval, and no nearer cut is contradicted.
    CHECK(is.parameter >= std::min(best.parameter, best.loosest) * (1 - 1e-6));
    CHECK(is.parameter <= std::max(best.parameter, best.loosest) * (1 + 1e-6));
    CHECK(found.lead > 3);
    // Temperature alone does not fit what was cut.
    CHECK(found.fits[0].log_likelihood < best.log_likelihood - 20);
  }
}

TEST_CASE("where no temperature fits, the test says so") {
  std::vector<RankedStep> steps = drawn_steps("temp=0.2", 200);
  for (RankedStep& step : drawn_steps("temp=-0.5", 200)) steps.push_back(std::move(step));
  const Forensics found = infer_sampler(steps, 0, 1);
  CHECK(found.fits[found.best].fit_p < 1e-6);
  CHECK(test::holds(in_words(found), "it does not fit"));
}

TEST_CASE("Kolmogorov's distribution, at its tabled quantiles") {
  // 1.358 / sqrt(n) at 5 %, 1.628 / sqrt(n) at 1 % for large n.
  CHECK(kolmogorov_p(1.358 / 1000, 1000000) == doctest::Approx(0.05).epsilon(0.005));
  CHECK(kolmogorov_p(1.628 / 1000, 1000000) == doctest::Approx(0.01).epsilon(0.01));
  CHECK(kolmogorov_p(0.01, 10) == 1);
}

}  // namespace
}  // namespace kelvin
