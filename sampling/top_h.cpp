// top-H: keep the likeliest tokens while their share of the entropy stays within h (Potraghloo et al. 2025,
// arXiv 2509.02510). As in transformers the entropy is that of the `of` likeliest tokens, renormalised; no
// more than these are kept.
#include "sampling/boltzmann.h"
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

void top_h(std::span<float> logits, const Params& params, const Step& step) {
  Scratch& scratch = *step.scratch;
  const double top = static_cast<double>(largest(logits));
  Descending order(logits, scratch);
  const std::size_t n = params["of"] < static_cast<double>(order.size())
                            ? static_cast<std::size_t>(params["of"])
                            : order.size();
  double total = 0;
  for (std::size_t rank = 0; rank < n; ++rank) total += exp_exact(static_cast<double>(order[rank].key) - top);
  const double log_total = log_exact(total);
  const auto entropy_term = [&](std::size_t rank) {
    const double log_p = static_cast<double>(order[rank].key) - top - log_total;
    return -exp_exact(log_p) * log_p;
  };
  double entropy = 0;
  for (std::size_t rank = 0; rank < n; ++rank) entropy += entropy_term(rank);
  double sum = 0;
  std::size_t kept = 0;
  while (kept < n) {
    sum += entropy_term(kept);
    if (kept > 0 && sum > params["h"] * entropy) break;
    ++kept;
  }
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
