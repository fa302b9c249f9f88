// mirostat 1 and 2: hold the surprise of the drawn tokens near tau bits by a moving cut mu (Basu et al. 2020,
// arXiv 2007.14966). After each token mu -= rate (surprise - tau); the surprise is that of the kept tokens,
// renormalised. mu begins at 2 tau.
#include <algorithm>
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

constexpr double ln2 = 0.693147180559945309417;

double& mu_of(const Params& params, const StageContext& step) {
  if (step.memory->values.empty()) step.memory->values = {2 * params["tau"]};
  return step.memory->values[0];
}

void remember(std::span<const float> logits, const StageContext& step) {
  step.memory->seen.assign(logits.begin(), logits.end());
}

// Estimates the exponent of a Zipf law from the first ranks, by least squares of ln(p_i / p_i+1) on ln((i
// + 2) / (i + 1)).
double zipf_exponent(std::span<const Candidate> ranked) {
  double products = 0, squares = 0;
  for (std::size_t i = 0; i + 1 < ranked.size(); ++i) {
    const double t = log_exact(static_cast<double>(i + 2) / static_cast<double>(i + 1));
    products += t * (static_cast<double>(ranked[i].key()) - static_cast<double>(ranked[i + 1].key()));
    squares += t * t;
  }
  return squares > 0 ? products / squares : 0;
}

}  // namespace

void mirostat_1(std::span<float> logits, const Params& params, const StageContext& step) {
  const double mu = mu_of(params, step);
  Descending order(logits, *step.scratch);
  const double n = static_cast<double>(order.size());
  const double s = zipf_exponent(order.first(100)), e = s - 1;
  // k = (e 2^mu / (1 - n^-e))^(1/s); the fraction tends to 2^mu / ln n as e tends to 0.
  const double log_n = log_exact(n), x = e * log_n;
  const double fraction = std::fabs(x) < 1e-9 ? 1 / log_n : e / (1 - exp_exact(-x));
  double kept = n;
  if (s > 0 && n > 1) {
    const double log_k = (log_exact(fraction) + mu * ln2) / s;
    kept = log_k < log_n ? std::max(1.0, std::floor(exp_exact(log_k))) : n;
  }
  if (kept < n) remove_after(logits, logits, order.first(static_cast<std::size_t>(kept)).back());
  remember(logits, step);
}

void mirostat_2(std::span<float> logits, const Params& params, const StageContext& step) {
  const double mu = mu_of(params, step);
  // -log2 p <= mu  <=>  z >= z_max + ln Z - mu ln 2
  const double log_total = log_exact(fill_weights(logits, *step.scratch));
  const double top = static_cast<double>(largest(logits));
  remove_below(logits, top + std::min(0.0, log_total - mu * ln2));
  remember(logits, step);
}

int accept_mirostat(int token, const Params& params, const StageContext& step) {
  const auto& seen = step.memory->seen;
  const auto i = static_cast<std::size_t>(token);
  if (i >= seen.size() || seen[i] == impossible) return 0;
  const double total = fill_weights(seen, *step.scratch);
  const double surprise =
      (log_exact(total) - (static_cast<double>(seen[i]) - static_cast<double>(largest(seen)))) / ln2;
  double& mu = mu_of(params, step);
  mu -= params["rate"] * (surprise - params["tau"]);
  return 0;
}

}  // namespace kelvin::sampling
