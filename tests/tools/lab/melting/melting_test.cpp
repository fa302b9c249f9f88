#include "tools/lab/melting/melting.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

namespace kelvin {
namespace {

// Two tokens, two steps, logits of the second depend on the first.
constexpr double log3 = 1.0986122886681098;
constexpr std::array<std::array<double, 2>, 3> rows = {{{log3, 0}, {log3, 0}, {0, 2 * log3}}};

struct Step {
  double p[2], mean, variance;
};
Step step_at(const std::array<double, 2>& z, double beta) {
  const double a = std::exp(beta * z[0]), b = std::exp(beta * z[1]);
  Step s{{a / (a + b), b / (a + b)}, 0, 0};
  s.mean = s.p[0] * z[0] + s.p[1] * z[1];
  s.variance = s.p[0] * s.p[1] * (z[0] - z[1]) * (z[0] - z[1]);
  return s;
}

double mean_energy(double beta) {
  const Step first = step_at(rows[0], beta);
  double energy = 0;
  for (int x = 0; x < 2; ++x) {
    const Step second = step_at(rows[static_cast<std::size_t>(1 + x)], beta);
    for (int y = 0; y < 2; ++y)
      energy -= first.p[x] * second.p[y] *
                (rows[0][static_cast<std::size_t>(x)] +
                 rows[static_cast<std::size_t>(1 + x)][static_cast<std::size_t>(y)]);
  }
  return energy;
}

// Every text as often as it comes at beta 1: 3/4 3/4, 3/4 1/4, 1/4 1/10, 1/4 9/10 of 160.
MeltingUnit all_texts() {
  MeltingUnit unit{1.0, {}};
  const int times[2][2] = {{90, 30}, {4, 36}};
  for (std::size_t x = 0; x < 2; ++x)
    for (std::size_t y = 0; y < 2; ++y)
      for (int i = 0; i < times[x][y]; ++i) {
        const Step first = step_at(rows[0], 1), second = step_at(rows[1 + x], 1);
        unit.texts.push_back({unit.texts.size(),
                              {static_cast<int>(x), static_cast<int>(y)},
                              {-rows[0][x], -rows[1 + x][y]},
                              {-first.mean, -second.mean},
                              {first.variance, second.variance},
                              {0, 0}});
      }
  return unit;
}

TEST_CASE("the response is the derivative of the mean energy, the fluctuation is not") {
  const MeltingUnit unit = all_texts();
  const MeltingPoint p = melting_points({&unit, 1}).front();
  CHECK(2 * p.energy.value == doctest::Approx(mean_energy(1)).epsilon(1e-12));
  const double h = 1e-4, slope = (mean_energy(1 / (1 + h)) - mean_energy(1 / (1 - h))) / (2 * h);
  CHECK(2 * p.response.value * 159 / 160 == doctest::Approx(slope).epsilon(1e-6));
  double squares = 0;
  for (const DrawnText& text : unit.texts)
    squares += std::pow(text.energy[0] + text.energy[1] - mean_energy(1), 2) / 160;
  CHECK(2 * p.fluctuation.value * 159 / 160 == doctest::Approx(squares).epsilon(1e-12));
  CHECK(std::fabs(squares / slope - 1) > 0.04);
  // Single steps: 3/16 ln^2 3, then the same or 9/100 4 ln^2 3.
  const double l2 = log3 * log3;
  CHECK(2 * p.steps.value == doctest::Approx(l2 * (3.0 / 16 + 0.75 * 3 / 16 + 0.25 * 0.36)).epsilon(1e-12));
  CHECK(p.energy.error > 0);
  CHECK(std::isnan(p.difference.value));
}

// Texts of four tokens whose energies are given.
MeltingUnit unit_of(double beta, const std::vector<std::vector<double>>& energies) {
  MeltingUnit unit{beta, {}};
  for (const auto& energy : energies)
    unit.texts.push_back({unit.texts.size(), {0, 0, 0, 0}, energy, {0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}});
  return unit;
}

TEST_CASE("slopes of pairs, drift and correlation by hand") {
  const std::vector<MeltingUnit> units = {unit_of(2, {{1, 1, 1, 1}, {2, 2, 2, 2}}),
                                          unit_of(1, {{1, -1, 1, 3}, {-1, 1, -1, 5}}),
                                          unit_of(0.5, {{4, 4, 4, 4}, {2, 2, 2, 2}})};
  const std::vector<MeltingPoint> points = melting_points(units);
  // From T 0.5 to 2: 3 and 0 over 1.5.
  CHECK(points[1].difference.value == doctest::Approx(1));
  CHECK(points[1].difference.error == doctest::Approx(1));
  CHECK(points[1].drift.value == doctest::Approx(4));  // 3 - 1 and 5 + 1
  CHECK(points[1].drift.error == doctest::Approx(2));
  // About the means of positions (0, 0, 0, 4): 1, -1, 1, -1 and its negative.
  CHECK(points[1].correlation.at(0) == doctest::Approx(-1));
  CHECK(points[1].entropy.value == 2);
  CHECK(std::isnan(points[1].fluctuation.error));  // of two texts
}

TEST_CASE("the transition is the top of a parabola in ln T, with an error") {
  // Single steps: T^2 C = Var z; heights 1, 4, 2 at T = 1, 2, 4.
  std::vector<MeltingUnit> units;
  const double heights[] = {1, 4, 2};
  for (int u = 0; u < 3; ++u) {
    const double beta = std::pow(0.5, u);
    MeltingUnit unit = unit_of(beta, {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}});
    for (DrawnText& text : unit.texts) text.variance.assign(4, heights[u] / (beta * beta));
    units.push_back(unit);
  }
  const auto found = transition(units, HeatCapacity::steps);
  REQUIRE(found);
  // In log2 T: slopes 3 at 0.5 and -2 at 1.5, hence 0 at 1.1.
  CHECK(found->temperature == doctest::Approx(std::pow(2.0, 1.1)).epsilon(1e-12));
  CHECK(found->error == doctest::Approx(0));
  CHECK(found->height == doctest::Approx(4));
  std::swap(units[1], units[2]);
  units.pop_back();
  CHECK(!transition(units, HeatCapacity::steps));
}

}  // namespace
}  // namespace kelvin
