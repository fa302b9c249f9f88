// top-p, nucleus sampling: keep the likeliest tokens that together hold probability p (Holtzman et al. 2019,
// arXiv 1904.09751). Engines disagree about the token at which the sum crosses p, so the meaning has a name:
//   include   the shortest prefix with sum >= p (the paper, llama.cpp)
//   hf        drop the longest tail with sum <= 1 - p (transformers, vLLM); differs where a sum hits p
//   exactly exclude   only tokens whose sum stays <= p; the first always stays (exllamav3)
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

void top_p(std::span<float> logits, const Params& params, const Step& step) {
  const double p = params["p"];
  if (p >= 1) return;
  Scratch& scratch = *step.scratch;
  const double total = fill_weights(logits, scratch);
  Descending order(logits, scratch);
  const bool exclude = params.text("meaning") == "exclude", hf = params.text("meaning") == "hf";
  double sum = 0;
  std::size_t kept = 0;
  while (kept < order.size()) {
    const double next = sum + scratch.weights[static_cast<std::size_t>(order[kept].id)];
    const bool full = exclude ? next > p * total : hf ? total - sum <= (1 - p) * total : sum >= p * total;
    if (full && static_cast<double>(kept) >= params["keep"]) break;
    sum = next;
    ++kept;
  }
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
