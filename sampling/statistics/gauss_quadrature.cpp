#include "sampling/statistics/gauss_quadrature.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace kelvin {
namespace {

// Three-term recurrence p_{k+1} = (t - alpha_k) p_k - beta_k p_{k-1} of the polynomials orthogonal under the
// measure.
struct Recurrence {
  int count = 0;
  std::array<double, max_gauss_nodes> alpha{}, beta{};
};

// The modified Chebyshev algorithm (Gautschi 1982), from moments in the basis of monic Chebyshev polynomials.
Recurrence recurrence_of(std::span<const double> moments) {
  const int nodes = static_cast<int>(moments.size() / 2);
  Recurrence r;
  std::array<double, 2 * max_gauss_nodes> older{}, old{}, now{};
  for (int l = 0; l < 2 * nodes; ++l) old[l] = moments[l];
  r.alpha[0] = moments[1] / moments[0];
  r.beta[0] = moments[0];
  r.count = 1;
  for (int k = 1; k < nodes; ++k) {
    for (int l = k; l < 2 * nodes - k; ++l) {
      const double b = l == 1 ? 0.5 : 0.25;
      now[l] = old[l + 1] - r.alpha[k - 1] * old[l] + b * old[l - 1] - r.beta[k - 1] * older[l];
    }
    // A polynomial that vanishes on the measure: its points are found.
    if (!(now[k] > 1e-14 * moments[0])) break;
    r.alpha[k] = now[k + 1] / now[k] - old[k] / old[k - 1];
    r.beta[k] = now[k] / old[k - 1];
    r.count = k + 1;
    older = old;
    old = now;
  }
  return r;
}

}  // namespace

GaussNodes gauss_quadrature(std::span<const double> moments) {
  const Recurrence r = recurrence_of(moments);
  const int n = r.count;
  // Eigenvalues of the symmetric tridiagonal Jacobi matrix are the nodes, squared first components of its
  // eigenvectors the weights: implicit QL steps (Golub and Welsch 1969).
  std::array<double, max_gauss_nodes> diagonal = r.alpha, off{}, first{};
  for (int k = 1; k < n; ++k) off[k - 1] = std::sqrt(r.beta[k]);
  first[0] = 1;
  for (int l = 0; l < n; ++l) {
    for (int round = 0; round < 60; ++round) {
      int m = l;
      while (m + 1 < n && std::fabs(off[m]) > std::numeric_limits<double>::epsilon() *
                                                  (std::fabs(diagonal[m]) + std::fabs(diagonal[m + 1])))
        ++m;
      if (m == l) break;
      double g = (diagonal[l + 1] - diagonal[l]) / (2 * off[l]);
      double length = std::sqrt(g * g + 1);
      g = diagonal[m] - diagonal[l] + off[l] / (g + std::copysign(length, g));
      double sine = 1, cosine = 1, shift = 0;
      for (int i = m - 1; i >= l; --i) {
        double f = sine * off[i];
        const double b = cosine * off[i];
        length = std::sqrt(f * f + g * g);
        off[i + 1] = length;
        sine = length > 0 ? f / length : 0;
        cosine = length > 0 ? g / length : 1;
        g = diagonal[i + 1] - shift;
        const double turned = (diagonal[i] - g) * sine + 2 * cosine * b;
        shift = sine * turned;
        diagonal[i + 1] = g + shift;
        g = cosine * turned - b;
        f = first[i + 1];
        first[i + 1] = sine * first[i] + cosine * f;
        first[i] = cosine * first[i] - sine * f;
      }
      diagonal[l] -= shift;
      off[l] = g;
      off[m] = 0;
    }
  }
  GaussNodes nodes;
  nodes.count = n;
  for (int i = 0; i < n; ++i) {
    int at = i;
    for (; at > 0 && nodes.at[at - 1] > diagonal[i]; --at) {
      nodes.at[at] = nodes.at[at - 1];
      nodes.weight[at] = nodes.weight[at - 1];
    }
    nodes.at[at] = diagonal[i];
    nodes.weight[at] = moments[0] * first[i] * first[i];
  }
  return nodes;
}

}  // namespace kelvin
