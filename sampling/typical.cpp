// typical: keep the tokens whose surprise is closest to the entropy, until they hold probability p (Meister
// et al. 2022, arXiv 2202.00666). With ties=all, tokens as far from the entropy as the last one kept stay too
// (as in transformers).
#include <cmath>

#include "sampling/boltzmann.h"
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

void typical(std::span<float> logits, const Params& params, const Step& step) {
  const double p = params["p"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const double entropy = entropy_of(logits, scratch);
  const double total = fill_weights(logits, scratch);
  const double log_total = log_exact(total), top = static_cast<double>(largest(logits));
  scratch.unordered.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == impossible) continue;
    const double surprise = log_total - (static_cast<double>(logits[i]) - top);
    scratch.unordered.push_back({-std::fabs(surprise - entropy), static_cast<int>(i)});
  }
  Descending order(scratch);
  double sum = 0;
  std::size_t kept = 0;
  while (kept < order.size() && (sum < p * total || static_cast<double>(kept) < params["keep"]))
    sum += scratch.weights[static_cast<std::size_t>(order[kept++].id)];
  if (kept == 0) kept = 1;
  if (params.text("ties") == "all")
    while (kept < order.size() && order[kept].key == order[kept - 1].key) ++kept;
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
