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
    const double weight = scratch.weights[static_cast<std::size_t>(c.id)];
    const double share = below > 0 ? weight / below : infinity;
    const bool small = share < 1e-5 && k * share < 1e-5;
    double log_p;
    if (below == 0)
      log_p = k * (log_weight - log_total);
    else if (small)  // b^k - a^k = k a^(k-1) (b - a) (1 + (k-1)/2 (b - a)/a + ...)
      log_p = s + (k - 1) * (log_below - log_total + 0.5 * share) + log_weight - log_total;
    else  // a^k (e^(k ln(b/a)) - 1)
      log_p = k * (log_below - log_total) + log_expm1(k * log1p_exact(share));
    below += weight;
    log_below = small ? log_below + share - 0.5 * share * share : log_exact(below);
    constexpr double bottom = std::numeric_limits<float>::lowest();
    logits[static_cast<std::size_t>(c.id)] = static_cast<float>(log_p < bottom ? bottom : log_p);
  }
}

}  // namespace kelvin
