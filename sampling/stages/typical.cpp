// typical: keep the tokens whose surprise is closest to the entropy, until they hold probability p (Meister
// et al. 2022, arXiv 2202.00666). With ties=all, tokens as far from the entropy as the last one kept stay too
// (as in transformers).
#include <algorithm>
#include <cmath>
#include <limits>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/stages/prefix.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void typical(std::span<float> logits, const Params& params, const StageContext& step) {
  const double p = params["p"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const auto [total, entropy] = spread_of(logits, scratch);
  // surprise - entropy = (typical logit) - z
  const double top = static_cast<double>(largest(logits)), centre = top + log_exact(total) - entropy;
  auto& keys = scratch.keys;
  keys.resize(logits.size());
  constexpr double furthest = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double distance = std::fabs(centre - static_cast<double>(logits[i]));
    const auto key = static_cast<float>(-(distance < furthest ? distance : furthest));
    keys[i] = logits[i] == impossible ? impossible : key;
  }
  // All tokens below half of (1 - p) / n together hold less than 1 - p, so few of them are needed.
  const double hopeless = 0.5 * (1 - p) * total / static_cast<double>(logits.size());
  const double reach = centre - (top + log_exact(hopeless));
  Candidate last = prefix_holding(p * total, keys, scratch.weights, -reach, scratch).last;
  last = std::max(last, last_of(params["keep"], keys, scratch));
  if (params.text("ties") == "all") last = Candidate(last.key(), std::numeric_limits<int>::max());
  remove_after(logits, keys, last);
}

}  // namespace kelvin::sampling
