// skew: bends the cumulative distribution over the ranks, u -> u^exp(-s), as exllamav2 does when it draws. A
// token whose place in the descending cumulative sum is [a, b) gets the probability b^k - a^k, k = exp(s): s
// > 0 favours the tail, s < 0 the head.
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

// ln(1 + x) for |x| < 1e-3
double log1p_series(double x) { return x * (1 - x * (0.5 - x * (1.0 / 3 - x * 0.25))); }

}  // namespace

void skew(std::span<float> logits, const Params& params, const Step& step) {
  Scratch& scratch = *step.scratch;
  const double s = params["s"];
  if (s == 0) return;
  const double k = exp_exact(s);
  const double total = fill_weights(logits, scratch);
  const double top = static_cast<double>(largest(logits)), log_total = log_exact(total);
  Descending order(logits, scratch);
  double below = 0, log_below = 0;  // the sum before this token and its logarithm, in units of the weights
  for (const Candidate& c : order.all()) {
    const double log_weight = static_cast<double>(c.key) - top;
    const double weight = exp_exact(log_weight);  // cheaper than fetching it from a random place
    const double share = below > 0 ? weight / below : infinity;
    const bool small = share < 1e-3 && k * share < 1e-3;
    double log_p;
    if (below == 0) {
      log_p = k * (log_weight - log_total);
    } else if (small) {
      // b^k - a^k = k a^(k-1) (b - a) (1 + y), a power series in (b - a) / a
      const double y = (k - 1) / 2 * share * (1 + (k - 2) / 3 * share * (1 + (k - 3) / 4 * share));
      log_p = s + (k - 1) * (log_below - log_total) + log_weight - log_total + log1p_series(y);
    } else {
      // a^k (e^(k ln(b/a)) - 1)
      log_p = k * (log_below - log_total) + log_expm1(k * log1p_exact(share));
    }
    below += weight;
    log_below = small ? log_below + log1p_series(share) : log_exact(below);
    constexpr double bottom = std::numeric_limits<float>::lowest();
    logits[static_cast<std::size_t>(c.id)] = static_cast<float>(log_p < bottom ? bottom : log_p);
  }
}

}  // namespace kelvin
