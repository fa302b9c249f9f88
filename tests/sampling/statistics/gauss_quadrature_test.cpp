#include "sampling/statistics/gauss_quadrature.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace kelvin {
namespace {

// Integrals of the monic Chebyshev polynomials over points with weights.
std::vector<double> moments_of(const std::vector<double>& points, const std::vector<double>& weights,
                               int nodes) {
  std::vector<double> moments(2 * nodes, 0.0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    double older = 1, old = points[i];
    moments[0] += weights[i];
    moments[1] += weights[i] * old;
    for (int k = 2; k < 2 * nodes; ++k) {
      const double next = points[i] * old - (k == 2 ? 0.5 : 0.25) * older;
      older = old;
      old = next;
      moments[k] += weights[i] * next;
    }
  }
  return moments;
}

TEST_CASE("the quadrature of a uniform measure is Gauss-Legendre's") {
  std::vector<double> points, weights;
  for (int i = 0; i < 200000; ++i)
    points.push_back((2 * i + 1) / 200000.0 - 1), weights.push_back(2 / 200000.0);
  const GaussNodes three = gauss_quadrature(moments_of(points, weights, 3));
  REQUIRE(three.count == 3);
  CHECK(three.at[0] == doctest::Approx(-std::sqrt(0.6)).epsilon(1e-8));
  CHECK(std::fabs(three.at[1]) < 1e-12);
  CHECK(three.weight[0] == doctest::Approx(5.0 / 9).epsilon(1e-8));
  CHECK(three.weight[1] == doctest::Approx(8.0 / 9).epsilon(1e-8));
}

TEST_CASE("powers up to degree 2 nodes - 1 keep their sums") {
  std::vector<double> points, weights;
  for (int i = 0; i < 500; ++i)
    points.push_back(std::sin(i * 1.7) * std::fabs(std::cos(i * 0.3))), weights.push_back(1 + i % 3);
  for (int nodes = 1; nodes <= max_gauss_nodes; ++nodes) {
    const GaussNodes gauss = gauss_quadrature(moments_of(points, weights, nodes));
    REQUIRE(gauss.count == nodes);
    for (int power = 0; power < 2 * nodes; ++power) {
      double all = 0, few = 0;
      for (std::size_t i = 0; i < points.size(); ++i) all += weights[i] * std::pow(points[i], power);
      for (int k = 0; k < gauss.count; ++k) few += gauss.weight[k] * std::pow(gauss.at[k], power);
      CHECK(few == doctest::Approx(all).epsilon(1e-12));
    }
  }
}

TEST_CASE("a measure of few points is found again") {
  const GaussNodes two = gauss_quadrature(moments_of({-0.4, 0.9, -0.4}, {1, 5, 2}, 6));
  REQUIRE(two.count == 2);
  CHECK(two.at[0] == doctest::Approx(-0.4).epsilon(1e-13));
  CHECK(two.weight[0] == doctest::Approx(3.0).epsilon(1e-12));
  CHECK(two.at[1] == doctest::Approx(0.9).epsilon(1e-13));
  CHECK(two.weight[1] == doctest::Approx(5.0).epsilon(1e-12));
}

}  // namespace
}  // namespace kelvin
