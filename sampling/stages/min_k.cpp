// min-k: cut at the steepest relative drop of the sorted logits (arXiv 2604.11012): the rank i with the
// largest (z_{i-1} - z_i) / i, but no fewer than tau / (z_max - z_min) tokens. With tau = 0 independent of a
// temperature before it.
#include <algorithm>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"

namespace kelvin::sampling {

void min_k(std::span<float> logits, const Params& params, const StageContext& step) {
  Descending order(logits, *step.scratch);
  const double min = static_cast<double>(smallest_possible(logits));
  const auto key = [&](std::size_t rank) { return static_cast<double>(order[rank].key()); };
  const double range = key(0) - min;
  if (!(range > 0)) return;
  std::size_t cliff = 1;
  double steepest = 0, above = key(0);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const double rank = static_cast<double>(i), drop = above - key(i);
    // No drop behind rank i - 1 can exceed what is left above the smallest logit.
    if (above - min <= steepest * rank) break;
    if (drop > steepest * rank) {
      steepest = drop / rank;
      cliff = i;
    }
    above = key(i);
  }
  const double wish = std::min(params["tau"] / range, static_cast<double>(order.size()));
  const std::size_t kept = std::max(cliff, static_cast<std::size_t>(wish));
  remove_after(logits, logits, order.first(kept).back());
}

}  // namespace kelvin::sampling
