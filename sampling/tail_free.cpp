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
  auto& p = scratch.ranked;
  p.clear();
  for (const Candidate& c : order.all()) p.push_back(scratch.weights[static_cast<std::size_t>(c.id)] / total);
  const std::size_t n = order.size() - 2;
  for (std::size_t rank = 0; rank < n; ++rank) p[rank] = std::fabs(p[rank] - 2 * p[rank + 1] + p[rank + 2]);
  double all = 0;
  for (std::size_t rank = 0; rank < n; ++rank) all += p[rank];
  constexpr double flat = 1e-6;  // no bend to speak of: every token counts the same
  double sum = 0;
  std::size_t kept = 0;
  while (kept < n) {
    sum += all > flat ? p[kept] / all : 1.0 / static_cast<double>(n);
    if (sum > z && kept > 0) break;
    ++kept;
  }
  if (kept == n) return;
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
