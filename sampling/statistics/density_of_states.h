// The logits of one step as a density of states: what every statistic of temperature needs, in a few hundred
// numbers instead of a vocabulary. Tokens are binned by their distance to the nearer end of the logits, eight
// bins to a factor of two; a bin with more tokens than `nodes` is replaced by the Gauss quadrature of its
// tokens (Golub and Welsch 1969; modified moments: Gautschi 1982), so sums of exp(beta z) over it keep 2
// nodes moments exactly. Since a bin is never wider than an eighth of its distance to the end that dominates,
// one condensation serves every beta in [-inf, inf]: six nodes agree with all tokens to about 1e-12, three to
// about 1e-5.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sampling/statistics/boltzmann.h"

namespace kelvin {

inline constexpr int exact_nodes = 6;   // for results that are printed
inline constexpr int report_nodes = 3;  // for reports that a browser recomputes

// Statistics at one beta, measured from the extreme logit (the largest at beta >= 0, else the smallest) so
// that nothing cancels.
struct StepMoments {
  double log_z_shifted;  // ln sum exp(beta (z - extreme)) >= 0
  double mean_distance;  // <z> - extreme
  double variance;       // of z
};

class DensityOfStates {
 public:
  DensityOfStates() = default;
  // logits: (vocabulary,); -inf means impossible. Throws std::invalid_argument on NaN, +inf, or if no token
  // is possible.
  explicit DensityOfStates(std::span<const float> logits, int nodes = exact_nodes);
  // The same in place: where the new states fit into the memory of the old ones, none is allocated.
  void assign(std::span<const float> logits, int nodes = exact_nodes);

  // What logits(), weights() and possible() of another one gave. Throws std::invalid_argument unless logits
  // are finite and ascending and weights positive, (states,) both, at least one.
  DensityOfStates(std::vector<double> logits, std::vector<double> weights, std::size_t possible);

  std::size_t possible() const { return possible_; }  // tokens
  double largest() const { return logits_.back(); }
  double smallest() const { return logits_.front(); }
  // Ascending logits (states,) and how many tokens each stands for (states,). Both ends stand for exactly the
  // tokens tied there.
  std::span<const double> logits() const { return logits_; }
  std::span<const double> weights() const { return weights_; }

  // beta: any number but NaN.
  StepMoments moments(double beta) const;
  Thermo thermo(double beta) const;

 private:
  std::vector<double> logits_, weights_;
  std::size_t possible_ = 0;
};

}  // namespace kelvin
