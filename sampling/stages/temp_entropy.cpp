// temp-entropy: at each step the temperature at which the entropy is `target` nats: certain steps are heated,
// open ones cooled. The entropy falls from ln n at beta 0 to ln(ties) at beta +-inf, strictly unless all
// logits are equal, so the answer is unique on each side of 0. A target out of reach gives the nearer end.
#include <algorithm>
#include <cmath>

#include "sampling/stage.h"
#include "sampling/stages/temperature.h"
#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/density_of_states.h"

namespace kelvin::sampling {

double beta_of_entropy(const DensityOfStates& states, double target, bool negative) {
  const double sign = negative ? -1.0 : 1.0;
  const auto at = [&](double size) { return states.thermo(sign * size); };
  if (target >= at(0).entropy) return 0.0;
  if (target <= at(infinity).entropy) return sign * infinity;
  double low = 0, high = 1 / std::sqrt(at(0).variance);
  while (at(high).entropy > target) {
    low = high;
    high *= 4;
    if (high > 1e300) return sign * infinity;
  }
  // Newton's method on S(beta), dS/dbeta = -beta Var z; halving where it would leave the bracket.
  double size = low > 0 ? std::sqrt(low * high) : high / 2;
  for (int round = 0; round < 200; ++round) {
    const Thermo t = at(size);
    const double miss = t.entropy - target;
    if (std::fabs(miss) <= 1e-13 * std::max(1.0, target)) break;
    (miss > 0 ? low : high) = size;
    const double slope = size * t.variance;
    const double next = slope > 0 ? size + miss / slope : low;
    size = next > low && next < high ? next : (low + high) / 2;
    if (!(size > low && size < high)) break;
  }
  return sign * size;
}

void temp_entropy(std::span<float> logits, const Params& params, const StageContext&) {
  thread_local DensityOfStates states;
  states.assign(logits);
  temper(logits, beta_of_entropy(states, params["target"], params.text("side") == "negative"));
}

}  // namespace kelvin::sampling
