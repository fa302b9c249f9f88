// Cut-offs at a fixed or entropy-dependent probability:
//   epsilon   p_i >= e (Hewitt et al. 2022, arXiv 2210.15191)
//   eta       p_i >= min(e, sqrt(e) exp(-H)) (the same paper)
//   top-a     p_i >= a p_max^2 (BlinkDL)
//   p-less    p_i >= sum p^2, and its kin of other orders (Tan et al. 2025, arXiv 2509.23234)
#include <algorithm>
#include <array>
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

// Of the weights exp(z - max), shape (vocabulary,) as the logits.
double sum_of_powers(std::span<const float> logits, std::span<const double> weights, double order) {
  constexpr std::size_t block = 256;
  const double top = static_cast<double>(largest(logits));
  std::array<double, block> powers;
  ExactSum total;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t n = std::min(block, logits.size() - begin);
    if (order == 2) {
      for (std::size_t i = 0; i < n; ++i) powers[i] = weights[begin + i] * weights[begin + i];
    } else {
      for (std::size_t i = 0; i < n; ++i) powers[i] = order * (static_cast<double>(logits[begin + i]) - top);
      to_weights({powers.data(), n});
    }
    total.add(sum_of({powers.data(), n}));
  }
  return total.value();
}

}  // namespace

void epsilon(std::span<float> logits, const Params& params, const StageContext& step) {
  const double total = fill_weights(logits, *step.scratch);
  const double cut = static_cast<double>(largest(logits)) + log_exact(params["p"] * total);
  remove_below_keeping(logits, cut, params["keep"], *step.scratch);
}

void eta(std::span<float> logits, const Params& params, const StageContext& step) {
  const double e = params["epsilon"];
  const auto [total, entropy] = spread_of(logits, *step.scratch);
  const double limit = std::min(e, std::sqrt(e) * exp_exact(-entropy));
  remove_below_keeping(logits, static_cast<double>(largest(logits)) + log_exact(limit * total),
                       params["keep"], *step.scratch);
}

void top_a(std::span<float> logits, const Params& params, const StageContext& step) {
  // exp(z - top) / Z >= a (1 / Z)^2
  const double total = fill_weights(logits, *step.scratch);
  remove_below_keeping(logits, static_cast<double>(largest(logits)) + log_exact(params["a"] / total),
                       params["keep"], *step.scratch);
}

void p_less(std::span<float> logits, const Params& params, const StageContext& step) {
  const double order = params["order"];
  const double total = fill_weights(logits, *step.scratch);
  const double powers = sum_of_powers(logits, step.scratch->weights, order);
  // ln of (sum p^k)^(1/(k-1)), relative to the likeliest token.
  double log_limit = (log_exact(powers) - log_exact(total)) / (order - 1);
  if (params.text("norm") == "on") {
    // (n sum p^2 - 1) / (n - 1), clear of the uniform part of the collision probability.
    const double n = static_cast<double>(count_possible(logits));
    if (n < 2) return;
    const double collision = powers / (total * total);
    log_limit = log_exact(std::max(0.0, n * collision - 1) / (n - 1) * total);
  }
  remove_below_keeping(logits, static_cast<double>(largest(logits)) + log_limit, 1, *step.scratch);
}

}  // namespace kelvin::sampling
