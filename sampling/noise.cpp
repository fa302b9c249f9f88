#include "sampling/noise.h"

#include <algorithm>

#include "sampling/logits.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin {

double Noise::gumbel(int token) const { return -log_exact(-log_exact(uniform(token))); }

Noise draw_noise(const Step& step) { return Noise(step.seed, step.stream, step.position()); }

Noise stage_noise(const Step& step, std::uint64_t purpose) {
  return Noise(step.seed, step.stream | purpose << 32, step.position());
}

int draw(std::span<const float> logits, const Noise& noise) {
  // A token can win only if its noise g exceeds what it lacks: -ln u <= exp(-lack), hence u >= 1 -
  // exp(-lack). So a block needs one exponential, a token its bits, and only the few that pass need their
  // logarithms. `slack` covers the rounding.
  constexpr std::size_t block = 128;
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
    const double lack = best - static_cast<double>(block_top) - slack;
    if (lack > largest_gumbel) continue;
    const double min_u = lack > 0 ? 1 - exp_exact(-lack) : 0.0;
    const auto min_bits = static_cast<std::uint64_t>(min_u * 0x1p64);
    for (std::size_t i = begin; i < end; ++i)
      if (noise.bits(static_cast<int>(i)) >= min_bits && logits[i] != impossible) offer(i);
  }
  return winner;
}

}  // namespace kelvin
