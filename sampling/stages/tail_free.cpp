// tail-free: cut where the sorted probabilities have become flat, measured by the absolute second differences
// normalised to 1: their running sum may reach z (trentbrick 2019, "Tail Free Sampling"; llama.cpp's count of
// kept tokens).
#include <algorithm>
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"

namespace kelvin::sampling {

namespace {

// What is known of the weights exp(z - max) when a number of ranks has been looked at.
struct Known {
  std::span<const double> bends;  // |w - 2 w' + w''| at the first ranks
  std::size_t n;                  // of all bends
  double min, max;                // bounds of their sum
  double total;                   // of all weights, or more than it
};

constexpr std::size_t undecided = 0;

// How many tokens stay, where that is known.
std::size_t count_kept(const Known& known, double z) {
  constexpr double flat = 1e-6;  // no bend to speak of: every token counts the same
  constexpr std::size_t block = 256;
  const auto& [bends, n, min, max, total] = known;
  double sum = 0;
  std::size_t kept = 0;
  if (min <= flat * total) {
    if (bends.size() < n) return undecided;
    while (kept < n && (sum += 1.0 / static_cast<double>(n), sum <= z || kept == 0)) ++kept;
    return kept;
  }
  for (; kept + block < bends.size(); kept += block) {
    const double next = sum + sum_of(bends.subspan(kept, block));
    if (next > z * min) break;
    sum = next;
  }
  for (; kept < bends.size(); ++kept) {
    sum += bends[kept];
    if (kept > 0 && sum > z * min) return sum > z * max ? kept : undecided;
  }
  return bends.size() == n ? n : undecided;
}

}  // namespace

void tail_free(std::span<float> logits, const Params& params, const StageContext& step) {
  Scratch& scratch = *step.scratch;
  const double z = params["z"];
  if (z >= 1) return;
  Descending order(logits, scratch);
  const std::size_t size = order.size();
  if (size <= 2) return;
  auto &weights = scratch.weights, &bends = scratch.ranked;
  weights.resize(logits.size());
  bends.resize(logits.size());
  std::size_t kept = undecided;
  constexpr std::size_t few = 512;
  for (std::size_t ranks = std::min(few, size); kept == undecided; ranks = size) {
    const auto ranked = order.first(ranks);
    fill_ranked_weights(ranked, static_cast<double>(ranked[0].key()), weights);
    for (std::size_t r = 0; r + 2 < ranks; ++r)
      bends[r] = std::fabs(weights[r] - 2 * weights[r + 1] + weights[r + 2]);
    const std::span<const double> known(bends.data(), ranks - 2);
    const double sum = sum_of(known), total = sum_of({weights.data(), ranks}), last = weights[ranks - 1];
    // |w - 2 w' + w''| <= (w - w') + (w' - w''), and such differences add up to what is left to fall.
    constexpr double rounding = 1e-12;
    const double rest = ranks < size ? weights[ranks - 2] + last + rounding * sum : 0;
    kept =
        count_kept({known, size - 2, sum, sum + rest, total + static_cast<double>(size - ranks) * last}, z);
  }
  if (kept < size - 2) remove_after(logits, logits, order.first(kept).back());
}

}  // namespace kelvin::sampling
