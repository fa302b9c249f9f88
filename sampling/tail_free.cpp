// tail-free: cut where the sorted probabilities have become flat, measured by the absolute second differences
// normalised to 1: their running sum may reach z (trentbrick 2019, "Tail Free Sampling"; llama.cpp's count of
// kept tokens).
#include <cmath>

#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

void tail_free(std::span<float> logits, const Params& params, const Step& step) {
  Scratch& scratch = *step.scratch;
  const double z = params["z"];
  if (z >= 1) return;
  const double total = fill_weights(logits, scratch);
  Descending order(logits, scratch);
  if (order.size() <= 2) return;
  const auto p = [&](std::size_t rank) {
    return scratch.weights[static_cast<std::size_t>(order[rank].id)] / total;
  };
  const std::size_t n = order.size() - 2;
  const auto bend = [&](std::size_t rank) { return std::fabs(p(rank) - 2 * p(rank + 1) + p(rank + 2)); };
  double all = 0;
  for (std::size_t rank = 0; rank < n; ++rank) all += bend(rank);
  constexpr double flat = 1e-6;  // no bend to speak of: every token counts the same
  const bool uniform = all <= flat;
  double sum = 0;
  std::size_t kept = order.size();
  for (std::size_t rank = 0; rank < n; ++rank) {
    sum += uniform ? 1.0 / static_cast<double>(n) : bend(rank) / all;
    if (sum > z && rank >= 1) {
      kept = rank;
      break;
    }
  }
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
