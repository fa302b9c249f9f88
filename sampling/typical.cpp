// typical: keep the tokens whose surprise is closest to the entropy, until they hold probability p (Meister
// et al. 2022, arXiv 2202.00666). With ties=all, tokens as far from the entropy as the last one kept stay too
// (as in transformers).
#include <algorithm>
#include <cmath>

#include "sampling/boltzmann.h"
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

// Tokens below half of (1 - p) / n together hold less than 1 - p. Where those that are closer to the centre
// than all of them hold p, they go, and need no sorting.
void remove_far(std::span<float> logits, double centre, double p, double total, const Scratch& scratch) {
  const double hopeless = 0.5 * (1 - p) * total / static_cast<double>(logits.size());
  const double reach = centre - (static_cast<double>(largest(logits)) + log_exact(hopeless));
  double within = 0;
  const double low = centre - reach, high = centre + reach;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double z = static_cast<double>(logits[i]);
    const bool inside = (z > low) & (z < high);
    within += inside ? scratch.weights[i] : 0.0;
  }
  constexpr double rounding = 1e-9;
  if (!(within > p * total * (1 + rounding))) return;
  for (float& z : logits) {
    const bool inside = (static_cast<double>(z) > low) & (static_cast<double>(z) < high);
    z = inside ? z : impossible;
  }
}

}  // namespace

void typical(std::span<float> logits, const Params& params, const Step& step) {
  const double p = params["p"], keep = params["keep"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const auto [total, entropy] = spread_of(logits, scratch);
  // surprise - entropy = (typical logit) - z
  const double centre = static_cast<double>(largest(logits)) + log_exact(total) - entropy;
  if (keep <= 1 && params.text("ties") == "lowest-id") remove_far(logits, centre, p, total, scratch);
  constexpr double furthest = std::numeric_limits<float>::max();
  scratch.unordered.resize(logits.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double distance = std::min(std::fabs(centre - static_cast<double>(logits[i])), furthest);
    scratch.unordered[n] = {-static_cast<float>(distance), static_cast<int>(i)};
    n += logits[i] != impossible;
  }
  scratch.unordered.resize(n);
  Descending order(scratch);
  std::size_t kept = order.prefix_holding(p * total, scratch.weights).length;
  if (static_cast<double>(kept) < keep)
    kept = static_cast<std::size_t>(std::min(keep, static_cast<double>(order.size())));
  if (params.text("ties") == "all")
    while (kept < order.size() && order[kept].key == order[kept - 1].key) ++kept;
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
