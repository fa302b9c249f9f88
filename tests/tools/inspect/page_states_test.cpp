#include "tools/inspect/page_states.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace kelvin {
namespace {

// |shown - exact| beyond what the page promises: 1e-3, absolute below 1, else relative.
double excess(double shown, double exact) {
  return std::fabs(shown - exact) / std::max(1.0, std::fabs(exact)) / 1e-3;
}

// The largest excess over all that the page shows, with the p of some tokens.
double worst_excess(const std::vector<float>& logits) {
  const PageStates states(logits);
  double worst = 0;
  for (double size = 1e-6; size < 1e7; size *= 1.7)
    for (const double beta : {size, -size}) {
      const Thermo exact = thermo<float>(logits, beta);
      const StepMoments m = states.moments(beta);
      const double extreme = beta < 0 ? states.bottom : states.top;
      worst = std::max(worst, excess(m.log_z_shifted - beta * m.mean_distance, exact.entropy));
      worst = std::max(worst, excess(-(extreme + m.mean_distance), -exact.mean));
      worst = std::max(worst, excess(-(extreme + m.log_z_shifted / beta), exact.free_energy));
      worst = std::max(worst, excess(beta * m.variance * beta, exact.heat_capacity));
      worst = std::max(worst, excess(beta * extreme + m.log_z_shifted, exact.log_z));
      for (std::size_t i = 0; i < logits.size(); i += 1 + logits.size() / 50) {
        const double z = logits[i];
        if (z == -infinity) continue;
        const double p = std::exp(beta * (z - extreme) - m.log_z_shifted);
        worst = std::max(worst, excess(p, exp_exact(exact.log_p(z))));
      }
    }
  return worst;
}

std::vector<float> logits_of(std::size_t n, const auto& draw) {
  std::vector<float> logits(n);
  for (float& z : logits) z = static_cast<float>(draw());
  return logits;
}

TEST_CASE("what a page computes is within 1e-3 of the full vocabulary at any beta") {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(-3, 2.5);
  std::student_t_distribution<double> tails(2);
  std::uniform_real_distribution<double> flat(-20, 20);
  std::lognormal_distribution<double> skew(0, 2);
  CHECK(worst_excess(logits_of(20000, [&] { return normal(random); })) < 0.5);
  CHECK(worst_excess(logits_of(20000, [&] { return tails(random); })) < 0.5);
  CHECK(worst_excess(logits_of(20000, [&] { return flat(random); })) < 0.5);
  CHECK(worst_excess(logits_of(20000, [&] { return skew(random); })) < 0.5);
  CHECK(worst_excess(logits_of(20000, [&] { return -skew(random); })) < 0.5);
  CHECK(worst_excess(logits_of(20000, [&] { return 1e4 * normal(random); })) < 0.5);
  // One token far ahead of a crowd: the sharpest peak of C.
  auto crowd = logits_of(128256, [&] { return normal(random); });
  crowd[77] = 25;
  CHECK(worst_excess(crowd) < 0.5);
  std::size_t n = 0;
  CHECK(worst_excess(logits_of(5000, [&] { return n++ % 3 == 0 ? 2.0 : -7.0; })) < 0.5);
  auto masked = logits_of(3000, [&] { return normal(random); });
  for (std::size_t i = 0; i < 3000; i += 2) masked[i] = -std::numeric_limits<float>::infinity();
  CHECK(worst_excess(masked) < 0.5);
  CHECK(worst_excess({3, 3, 3}) < 0.5);
  CHECK(worst_excess({-2}) < 0.5);
  CHECK(worst_excess({1, 1, 5}) < 0.5);
}

TEST_CASE("the ends of the line are exact") {
  const PageStates states(std::vector<float>{4, 1, 4, 0.5, -2, -2, -2});
  CHECK(states.moments(infinity).log_z_shifted == std::log(2.0));
  CHECK(states.moments(-infinity).log_z_shifted == std::log(3.0));
  CHECK(states.moments(0).log_z_shifted == doctest::Approx(std::log(7.0)).epsilon(1e-12));
  CHECK(states.top == 4);
  CHECK(states.bottom == -2);
  CHECK(states.possible == 7);
  CHECK(states.low == 1);
  CHECK(states.packed().size() == 2 * 4 * 2);
}

}  // namespace
}  // namespace kelvin
