// top-H: keep the likeliest tokens while their share of the entropy stays within h (Potraghloo et al. 2025,
// arXiv 2509.02510). As in transformers the entropy is that of the `of` likeliest tokens, renormalised; no
// more than these are kept.
#include <algorithm>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void top_h(std::span<float> logits, const Params& params, const StageContext& step) {
  Scratch& scratch = *step.scratch;
  Descending order(logits, scratch);
  const double max = static_cast<double>(order.size());
  const auto ranked = order.first(static_cast<std::size_t>(std::min(params["of"], max)));
  const double top = static_cast<double>(ranked[0].key());
  scratch.weights.resize(logits.size());
  scratch.ranked.resize(logits.size());
  const std::span<double> weights(scratch.weights.data(), ranked.size());
  const std::span<double> terms(scratch.ranked.data(), ranked.size());  // -p ln p
  fill_ranked_weights(ranked, top, weights);
  const double total = sum_of(weights), log_total = log_exact(total);
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    // Where the weight is 0, the clamp keeps 0 * infinity out.
    const double log_p = std::max(static_cast<double>(ranked[rank].key()) - top, -800.0) - log_total;
    terms[rank] = -weights[rank] / total * log_p;
  }
  const double limit = params["h"] * sum_of(terms);
  double sum = terms[0];
  std::size_t kept = 1;
  while (kept < ranked.size() && (sum += terms[kept]) <= limit) ++kept;
  remove_after(logits, logits, ranked[kept - 1]);
}

}  // namespace kelvin::sampling
