// top-p, nucleus sampling: keep the likeliest tokens that together hold probability p (Holtzman et al. 2019,
// arXiv 1904.09751). Engines disagree about the token at which the sum crosses p, so the meaning has a name:
//   include   the shortest prefix with sum >= p (the paper, llama.cpp)
//   hf        all but the longest tail with sum <= 1 - p (transformers, vLLM): the same set, but where
//   rounding decides exclude   only tokens whose sum stays <= p; the first always stays (exllamav3)
#include <algorithm>

#include "sampling/boltzmann.h"
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

void top_p(std::span<float> logits, const Params& params, const Step& step) {
  const double p = params["p"], keep = params["keep"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const double total = fill_weights(logits, scratch);
  const double wanted = params.text("meaning") == "hf" ? total - (1 - p) * total : p * total;
  if (keep <= 1) {
    // All tokens below half of (1 - p) / n together cannot hold 1 - p: they go, and need no sorting.
    const double hopeless = 0.5 * (1 - p) * total / static_cast<double>(logits.size());
    remove_below(logits, static_cast<double>(largest(logits)) + log_exact(hopeless));
  }
  Descending order(logits, scratch);
  const Descending::Prefix prefix = order.prefix_holding(wanted, scratch.weights);
  std::size_t kept = prefix.length;
  if (params.text("meaning") == "exclude" && prefix.sum > wanted && kept > 1) --kept;
  if (static_cast<double>(kept) < keep)
    kept = static_cast<std::size_t>(std::min(keep, static_cast<double>(order.size())));
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
