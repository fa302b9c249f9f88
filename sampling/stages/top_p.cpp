// top-p, nucleus sampling: keep the likeliest tokens that together hold probability p (Holtzman et al. 2019,
// arXiv 1904.09751). Engines disagree about the token at which the sum crosses p, so the meaning has a name:
//   include   the shortest prefix with sum >= p (the paper, llama.cpp)
//   hf        all but the longest tail with sum <= 1 - p (transformers, vLLM): the same set, but where
//             rounding decides
//   exclude   only tokens whose sum stays <= p; the first always stays (exllamav3)
#include <algorithm>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/stages/prefix.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void top_p(std::span<float> logits, const Params& params, const StageContext& step) {
  const double p = params["p"], keep = params["keep"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const double total = fill_weights(logits, scratch);
  const double wanted = params.text("meaning") == "hf" ? total - (1 - p) * total : p * total;
  // All tokens below half of (1 - p) / n together cannot hold 1 - p.
  const double hopeless = 0.5 * (1 - p) * total / static_cast<double>(logits.size());
  const double min = static_cast<double>(largest(logits)) + log_exact(hopeless);
  const auto [last, sum] = prefix_holding(wanted, logits, scratch.weights, min, scratch);
  const Candidate must_stay = last_of(keep, logits, scratch);
  remove_after(logits, logits, std::max(last, must_stay));
  if (params.text("meaning") == "exclude" && sum > wanted && last > must_stay)
    logits[static_cast<std::size_t>(last.id())] = impossible;
}

}  // namespace kelvin::sampling
