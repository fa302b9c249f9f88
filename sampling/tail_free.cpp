// tail-free: cut where the sorted probabilities have become flat, measured by the absolute second differences
// normalised to 1: their running sum may reach z (trentbrick 2019, "Tail Free Sampling"; llama.cpp's count of
// kept tokens).
#include <algorithm>
#include <cmath>

#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

constexpr std::size_t undecided = 0;

// How many tokens stay, if the bends of the likeliest ranks decide it; `all`, the sum of all bends, lies
// between `least` and `most`.
std::size_t count_kept(std::span<const double> bends, std::size_t n, double z, double least, double most) {
  constexpr double flat = 1e-6;  // no bend to speak of: every token counts the same
  if (most <= flat) {
    double sum = 0;
    std::size_t kept = 0;
    while (kept < n && (sum += 1.0 / static_cast<double>(n), sum <= z || kept == 0)) ++kept;
    return kept;
  }
  if (least <= flat) return undecided;
  double sum = 0;
  for (std::size_t kept = 0; kept < bends.size(); ++kept) {
    sum += bends[kept];
    if (kept == 0 || sum / least <= z) continue;
    return sum / most > z ? kept : undecided;
  }
  return bends.size() == n ? n : undecided;
}

}  // namespace

void tail_free(std::span<float> logits, const Params& params, const Step& step) {
  Scratch& scratch = *step.scratch;
  const double z = params["z"];
  if (z >= 1) return;
  const double total = fill_weights(logits, scratch);
  Descending order(logits, scratch);
  if (order.size() <= 2) return;
  const std::size_t n = order.size() - 2;
  const double last = scratch.weights[first_of(logits, smallest_possible(logits))] / total;
  auto& bends = scratch.ranked;
  bends.clear();
  bends.reserve(logits.size());
  double sum = 0;
  const auto add_bends = [&](std::size_t end, const auto& p) {
    for (std::size_t rank = bends.size(); rank < end; ++rank) {
      bends.push_back(std::fabs(p(rank) - 2 * p(rank + 1) + p(rank + 2)));
      sum += bends.back();
    }
  };
  const auto p = [&](std::size_t rank) {
    return scratch.weights[static_cast<std::size_t>(order[rank].id)] / total;
  };
  std::size_t kept = undecided;
  constexpr std::size_t few = 64, many = 1024;
  for (std::size_t ranks = few; kept == undecided && ranks <= many && ranks < n; ranks *= 4) {
    add_bends(ranks, p);
    // |p - 2 p' + p''| <= (p - p') + (p' - p''), and such differences add up to what is left to fall.
    constexpr double rounding = 1e-12;
    const double rest = p(ranks) + p(ranks + 1) - 2 * last + rounding * sum;
    kept = count_kept(bends, n, z, sum, sum + rest);
  }
  if (kept == undecided) {
    const auto ranked = Descending(logits, scratch).all();
    add_bends(n, [&](std::size_t rank) {
      return scratch.weights[static_cast<std::size_t>(ranked[rank].id)] / total;
    });
    kept = count_kept(bends, n, z, sum, sum);
    for (std::size_t rank = kept < n ? kept : ranked.size(); rank < ranked.size(); ++rank)
      logits[static_cast<std::size_t>(ranked[rank].id)] = impossible;
    return;
  }
  if (kept == n) return;
  for (const Candidate& c : order.from(kept)) logits[static_cast<std::size_t>(c.id)] = impossible;
}

}  // namespace kelvin
