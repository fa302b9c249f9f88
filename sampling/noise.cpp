#include "sampling/noise.h"

#include <algorithm>

#include "sampling/boltzmann.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

double gumbel_of(std::uint64_t bits) { return -log_exact(-log_exact(Noise::to_unit(bits))); }

constexpr std::uint64_t purpose_shift = 32;

}  // namespace

double Noise::gumbel(int token) const { return gumbel_of(bits(token)); }

Noise draw_noise(const Step& step) { return Noise(step.seed, step.stream, step.position()); }

Noise stage_noise(const Step& step, std::uint64_t purpose) {
  return Noise(step.seed, step.stream | (purpose << purpose_shift), step.position());
}

int draw(std::span<const float> logits, const Noise& noise) {
  // Whole blocks are passed over where even their largest logit with their largest noise cannot win. The
  // noise grows with its bits, so the bound needs one logarithm per block, not two per token; `slack` covers
  // the rounding of that logarithm.
  constexpr std::size_t block = 32;
  constexpr double largest_gumbel = 36.8, slack = 1e-9;
  double best = -infinity;
  int winner = -1;
  const auto offer = [&](std::size_t i) {
    const double sum = static_cast<double>(logits[i]) + noise.gumbel(static_cast<int>(i));
    if (sum > best || (sum == best && static_cast<int>(i) < winner)) {
      best = sum;
      winner = static_cast<int>(i);
    }
  };
  const float top = largest(logits);
  if (top == impossible) return -1;
  offer(first_of(logits, top));  // a good candidate to begin with
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t end = std::min(begin + block, logits.size());
    const float block_top = largest(logits.subspan(begin, end - begin));
    if (static_cast<double>(block_top) + largest_gumbel < best) continue;
    std::uint64_t most_bits = 0;
    for (std::size_t i = begin; i < end; ++i)
      most_bits = std::max(most_bits, noise.bits(static_cast<int>(i)));
    const double bound = gumbel_of(most_bits) + slack;
    if (static_cast<double>(block_top) + bound < best) continue;
    for (std::size_t i = begin; i < end; ++i)
      if (logits[i] != impossible && static_cast<double>(logits[i]) + bound >= best) offer(i);
  }
  return winner;
}

}  // namespace kelvin
