// Cut-offs at a fixed or entropy-dependent probability:
//   epsilon   p_i >= e (Hewitt et al. 2022, arXiv 2210.15191)
//   eta       p_i >= min(e, sqrt(e) exp(-H)) (the same paper)
//   top-a     p_i >= a p_max^2 (BlinkDL)
//   p-less    p_i >= sum p^2, and its kin of other orders (Tan et al. 2025, arXiv 2509.23234)
#include <algorithm>
#include <cmath>

#include "sampling/boltzmann.h"
#include "sampling/kth_largest.h"
#include "sampling/logits.h"

namespace kelvin {

void epsilon(std::span<float> logits, const Params& params, const Step& step) {
  const double total = fill_weights(logits, *step.scratch);
  const double cut = static_cast<double>(largest(logits)) + log_exact(params["p"] * total);
  remove_below(logits, cut, params["keep"], *step.scratch);
}

void eta(std::span<float> logits, const Params& params, const Step& step) {
  const double e = params["epsilon"];
  const auto [total, entropy] = spread_of(logits, *step.scratch);
  const double limit = std::min(e, std::sqrt(e) * exp_exact(-entropy));
  remove_below(logits, static_cast<double>(largest(logits)) + log_exact(limit * total), params["keep"],
               *step.scratch);
}

void top_a(std::span<float> logits, const Params& params, const Step& step) {
  // exp(z - top) / Z >= a (1 / Z)^2
  const double total = fill_weights(logits, *step.scratch);
  remove_below(logits, static_cast<double>(largest(logits)) + log_exact(params["a"] / total), params["keep"],
               *step.scratch);
}

void p_less(std::span<float> logits, const Params& params, const Step& step) {
  const double order = params["order"];
  const double total = fill_weights(logits, *step.scratch);
  ExactSum powers;
  for (const double w : step.scratch->weights)
    if (w > 0) powers.add(order == 2 ? w * w : exp_exact(order * log_exact(w)));
  // ln of (sum p^k)^(1/(k-1)), relative to the likeliest token.
  double log_limit = (log_exact(powers.value()) - log_exact(total)) / (order - 1);
  if (params.text("norm") == "on") {
    // (n sum p^2 - 1) / (n - 1), clear of the uniform part of the collision probability.
    const double n = static_cast<double>(count_possible(logits));
    if (n < 2) return;
    const double collision = powers.value() / (total * total);
    log_limit = log_exact(std::max(0.0, n * collision - 1) / (n - 1) * total);
  }
  remove_below(logits, static_cast<double>(largest(logits)) + log_limit, 1, *step.scratch);
}

}  // namespace kelvin
