// skew: bends the cumulative distribution over the ranks, u -> u^exp(-s), as exllamav2 does when it draws. A
// token whose place in the descending cumulative sum is [a, b) gets a probability in proportion to b^k - a^k,
// k = exp(s): s > 0 favours the tail, s < 0 the head.
#include <algorithm>
#include <array>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

// ln(e^x - 1) for x > 0
double log_expm1(double x) {
  if (x > 0.5) return x + log_exact(1 - exp_exact(-x));
  double series = 1;  // (e^x - 1) / x = 1 + x/2 (1 + x/3 (1 + ...))
  for (const double reciprocal : {1.0 / 14, 1.0 / 13, 1.0 / 12, 1.0 / 11, 1.0 / 10, 1.0 / 9, 1.0 / 8, 1.0 / 7,
                                  1.0 / 6, 1.0 / 5, 1.0 / 4, 1.0 / 3, 1.0 / 2})
    series = series * (x * reciprocal) + 1;
  return log_exact(x * series);
}

// The bent cumulative distribution, by its logarithm: sums of weights are in units of the largest one.
struct Bend {
  double s, k;  // k = exp(s)

  // ln(b^k - a^k) for a token of weight exp(log_weight) before which the others add up to `below`.
  double log_p(double log_weight, double below) const {
    if (below == 0) return k * log_weight;
    const double log_a = log_exact(below), share = weight_at(log_weight) / below;
    if (share >= 1e-3 || k * share >= 1e-3)  // a^k (e^(k ln(b/a)) - 1)
      return k * log_a + log_expm1(k * log1p_exact(share));
    // k a^(k-1) (b - a) (1 + y), a power series in (b - a) / a
    const double y = (k - 1) / 2 * share * (1 + (k - 2) / 3 * share * (1 + (k - 3) / 4 * share));
    return s + (k - 1) * log_a + log_weight + log1p_exact(y);
  }
};

constexpr std::size_t ranks_at_once = 64;

// ln(1 + x) for 0 <= x < 2^-3, 2^-6 and 2^-10, by 16, 8 and 4 terms.
template <int terms>
double log1p_series(double x) {
  double series = 1.0 / terms;
  for (int n = terms - 1; n >= 1; --n) series = 1.0 / n - x * series;
  return x * series;
}

// Of so many ranks, and of their growth.
template <int terms>
double log1p_series(const std::array<double, ranks_at_once>& x, std::array<double, ranks_at_once>& logs,
                    double growth) {
  for (std::size_t i = 0; i < ranks_at_once; ++i) logs[i] = log1p_series<terms>(x[i]);
  return log1p_series<terms>(growth);
}

}  // namespace

void skew(std::span<float> logits, const Params& params, const StageContext& step) {
  const double s = params["s"];
  if (s == 0) return;
  Descending order(logits, *step.scratch);
  const auto ranked = order.all();
  const std::size_t n = ranked.size();
  const double top = static_cast<double>(ranked[0].key());
  const Bend bend{s, exp_exact(s)};
  const double k = bend.k;
  constexpr double bottom = std::numeric_limits<float>::lowest();
  std::array<double, ranks_at_once> w;
  std::array<double, ranks_at_once + 1> below{};  // the sum of the weights before each rank of a block
  double log_a = 0;                               // ln below[0]
  for (std::size_t begin = 0; begin < n; begin += ranks_at_once) {
    const std::size_t length = std::min(ranks_at_once, n - begin);
    const Candidate* const c = ranked.data() + begin;
    fill_ranked_weights({c, length}, top, {w.data(), length});
    for (std::size_t i = 0; i < length; ++i) below[i + 1] = below[i] + w[i];
    std::array<double, ranks_at_once> log_p;
    const double a = below[0], share = w[0] / a, growth = (below[length] - a) / a;
    if (length == ranks_at_once && a > 0 && std::max(1.0, k) * share < 1e-2 && growth < 0x1p-3) {
      // b^k - a^k = k m^(k-1) (b - a) (1 + (k-1) (k-2) / 24 ((b - a) / m)^2 + ...) with m = (a + b) / 2, and
      // ln m by its series around the block's first a: no step depends on the one before.
      const double base = s + (k - 1) * log_a - top, half = 0.5 / a;
      const double square = (k - 1) * (k - 2) / 24,
                   fourth = square * (k - 3) * (k - 4) / 80 - square * square / 2;
      std::array<double, ranks_at_once> x;
      for (std::size_t i = 0; i < length; ++i) x[i] = ((below[i] - a) + (below[i + 1] - a)) * half;
      log_a += growth < 0x1p-10  ? log1p_series<4>(x, log_p, growth)
               : growth < 0x1p-6 ? log1p_series<8>(x, log_p, growth)
                                 : log1p_series<16>(x, log_p, growth);
      for (std::size_t i = 0; i < length; ++i) {
        const double width = w[i] * (2 * half) * (1 - x[i] * (1 - x[i])),
                     width2 = width * width;  // (b - a) / m
        log_p[i] =
            base + static_cast<double>(c[i].key()) + (k - 1) * log_p[i] + width2 * (square + width2 * fourth);
      }
    } else {
      for (std::size_t i = 0; i < length; ++i)
        log_p[i] = bend.log_p(static_cast<double>(c[i].key()) - top, below[i]);
      log_a = log_exact(below[length]);
    }
    for (std::size_t i = 0; i < length; ++i)
      logits[static_cast<std::size_t>(c[i].id())] = static_cast<float>(log_p[i] < bottom ? bottom : log_p[i]);
    below[0] = below[length];
  }
}

}  // namespace kelvin::sampling
