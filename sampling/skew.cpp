// skew: bends the cumulative distribution over the ranks, u -> u^exp(-s), as exllamav2 does when it draws. A
// token whose place in the descending cumulative sum is [a, b) gets the probability b^k - a^k, k = exp(s): s
// > 0 favours the tail, s < 0 the head.
#include <algorithm>
#include <array>

#include "sampling/boltzmann.h"
#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

// ln(e^x - 1) for x > 0
double log_expm1(double x) {
  if (x > 0.5) return x + log_exact(1 - exp_exact(-x));
  double series = 1;  // (e^x - 1) / x = 1 + x/2 (1 + x/3 (1 + ...))
  for (int n = 14; n >= 2; --n) series = series * x / n + 1;
  return log_exact(x * series);
}

// ln(1 + x) for 0 <= x < 2^-6
double log1p_series(double x) {
  double series = 1.0 / 8;
  for (int n = 7; n >= 1; --n) series = 1.0 / n - x * series;
  return x * series;
}

// The bent cumulative distribution, by its logarithm: sums of weights are in units of the largest one.
struct Bend {
  double s, k, log_total;  // k = exp(s)

  // ln(b^k - a^k) for a token of weight exp(log_weight) before which the others add up to `below`.
  double log_p(double log_weight, double below) const {
    if (below == 0) return k * (log_weight - log_total);
    const double log_a = log_exact(below) - log_total, share = weight_at(log_weight) / below;
    if (share >= 1e-3 || k * share >= 1e-3)  // a^k (e^(k ln(b/a)) - 1)
      return k * log_a + log_expm1(k * log1p_exact(share));
    // k a^(k-1) (b - a) (1 + y), a power series in (b - a) / a
    const double y = (k - 1) / 2 * share * (1 + (k - 2) / 3 * share * (1 + (k - 3) / 4 * share));
    return s + (k - 1) * log_a + log_weight - log_total + log1p_exact(y);
  }
};

constexpr std::size_t block = 32;

}  // namespace

void skew(std::span<float> logits, const Params& params, const Step& step) {
  Scratch& scratch = *step.scratch;
  const double s = params["s"];
  if (s == 0) return;
  const auto ranked = Descending(logits, scratch).all();
  const std::size_t n = ranked.size();
  const double top = static_cast<double>(ranked[0].key);

  scratch.weights.reserve(logits.size());
  scratch.weights.resize(n);
  auto& weights = scratch.weights;
  auto& below = scratch.ranked;  // the sum of the weights before each rank
  below.reserve(logits.size() + 1);
  below.resize(n + 1);
  below[0] = 0;
  constexpr std::size_t near = 512;  // what a core's nearest memory holds
  for (std::size_t begin = 0; begin < n; begin += near) {
    const std::size_t end = std::min(begin + near, n);
    for (std::size_t rank = begin; rank < end; ++rank)
      weights[rank] = static_cast<double>(ranked[rank].key) - top;
    to_weights({weights.data() + begin, end - begin});
    for (std::size_t rank = begin; rank < end; ++rank) below[rank + 1] = below[rank] + weights[rank];
  }

  const Bend bend{s, exp_exact(s), log_exact(below[n])};
  const double k = bend.k;
  constexpr double bottom = std::numeric_limits<float>::lowest();
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t length = std::min(block, n - begin);
    std::array<double, block> log_p;
    const double a = below[begin], share = weights[begin] / a;
    if (a > 0 && share < 1e-3 && k * share < 1e-3 && below[begin + length] - a < a / 64) {
      // b^k - a^k = k m^(k-1) (b - a) (1 + (k-1) (k-2) / 24 ((b - a) / m)^2 + ...) with m = (a + b) / 2, and
      // ln m by its series around the block's first a: no step depends on the one before.
      const double base = s + (k - 1) * (log_exact(a) - bend.log_total) - bend.log_total - top;
      const double half = 0.5 / a, curvature = (k - 1) * (k - 2) / 24;
      for (std::size_t i = 0; i < length; ++i) {
        const double x = ((below[begin + i] - a) + (below[begin + i + 1] - a)) * half;
        const double width = weights[begin + i] * (2 * half) * (1 - x);  // (b - a) / m
        log_p[i] = base + static_cast<double>(ranked[begin + i].key) + (k - 1) * log1p_series(x) +
                   curvature * width * width;
      }
    } else {
      for (std::size_t i = 0; i < length; ++i)
        log_p[i] = bend.log_p(static_cast<double>(ranked[begin + i].key) - top, below[begin + i]);
    }
    for (std::size_t i = 0; i < length; ++i)
      logits[static_cast<std::size_t>(ranked[begin + i].id)] =
          static_cast<float>(log_p[i] < bottom ? bottom : log_p[i]);
  }
}

}  // namespace kelvin
