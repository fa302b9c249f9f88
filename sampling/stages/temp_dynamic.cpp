// Temperatures that follow the shape of the distribution at this step:
//   temp-dynamic   T = low + (high - low) (H / ln n)^exponent, low = max(0, T - range), high = T + range, H
//   the entropy of the n tokens still
//                  possible (kalomaze 2023; llama.cpp's extended temperature). range < 0 exchanges low and
//                  high
//   temp-top       T = low + (high - low) (1 - p_top)^exponent: `low` where the model is certain
#include <algorithm>
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/temperature.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

double power(double x, double exponent) {
  return x <= 0 ? (exponent == 0 ? 1.0 : 0.0) : exp_exact(exponent * log_exact(x));
}

}  // namespace

void temp_dynamic(std::span<float> logits, const Params& params, const StageContext& step) {
  const double n = static_cast<double>(count_possible(logits));
  const double centre = params["temperature"], range = params["range"];
  const bool keep_zero = params.text("origin") == "zero";
  if (n < 2) return;
  const double share = spread_of(logits, *step.scratch).entropy / log_exact(n);
  // The sign of a negative temperature stays; its size is what moves.
  const double low = std::max(0.0, std::fabs(centre) - std::fabs(range)),
               high = std::fabs(centre) + std::fabs(range);
  const double from = range < 0 ? high : low, to = range < 0 ? low : high;
  const double size = from + (to - from) * power(std::clamp(share, 0.0, 1.0), params["exponent"]);
  temper(logits, beta_of(std::copysign(size, centre)), keep_zero);
}

void temp_top(std::span<float> logits, const Params& params, const StageContext& step) {
  const double doubt = 1 - 1 / fill_weights(logits, *step.scratch);
  const double low = params["low"], high = params["high"];
  temper(logits, beta_of(low + (high - low) * power(doubt, params["exponent"])));
}

}  // namespace kelvin::sampling
