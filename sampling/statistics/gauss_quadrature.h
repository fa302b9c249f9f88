// Few weighted points in place of many: the Gauss quadrature of a measure given by its moments.
#pragma once

#include <array>
#include <span>

namespace kelvin {

inline constexpr int max_gauss_nodes = 8;

struct GaussNodes {
  int count = 0;
  std::array<double, max_gauss_nodes> at{};  // ascending
  std::array<double, max_gauss_nodes> weight{};
};

// moments: (2 nodes,), the integrals of the monic Chebyshev polynomials 1, t, t^2 - 1/2, ... over a positive
// measure on [-1, 1]. The result integrates polynomials up to degree 2 nodes - 1 exactly; a measure of fewer
// points gives just those.
GaussNodes gauss_quadrature(std::span<const double> moments);

}  // namespace kelvin
