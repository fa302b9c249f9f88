#include "tools/inspect/page_states.h"

#include <cmath>

#include "tools/output/raw_logits.h"

namespace kelvin {

PageStates::PageStates(std::span<const float> logits) {
  const DensityOfStates states(logits, report_nodes);
  const std::span<const double> z = states.logits(), tokens = states.weights();
  bottom = z.front();
  top = z.back();
  bottom_ties = static_cast<std::size_t>(std::llround(tokens.front()));
  top_ties = static_cast<std::size_t>(std::llround(tokens.back()));
  possible = states.possible();
  low = 0;
  for (std::size_t i = 1; i + 1 < z.size(); ++i) {
    const double from_bottom = z[i] - bottom, from_top = top - z[i];
    const bool is_low = from_bottom < from_top;
    low += is_low;
    distances.push_back(static_cast<float>(is_low ? from_bottom : from_top));
    weights.push_back(static_cast<float>(tokens[i]));
  }
}

StepMoments PageStates::moments(double beta) const {
  const bool down = beta < 0;
  const double ties = static_cast<double>(down ? bottom_ties : top_ties);
  if (std::fabs(beta) == infinity || bottom == top) return {std::log(ties), 0, 0};
  const double range = top - bottom;
  const auto state = [&](std::size_t i) {  // from the end that dominates
    const double d = distances[i];
    if (down) return i < low ? d : range - d;
    return i < low ? d - range : -d;
  };
  const double far = down ? range : -range;
  const double far_weight = static_cast<double>(down ? top_ties : bottom_ties) * std::exp(beta * far);
  double sum = far_weight, first = far_weight * far;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const double w = weights[i] * std::exp(beta * state(i));
    sum += w;
    first += w * state(i);
  }
  const double mean = first / (ties + sum);
  double second = ties * mean * mean + far_weight * (far - mean) * (far - mean);
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const double d = state(i) - mean;
    second += weights[i] * std::exp(beta * state(i)) * d * d;
  }
  return {std::log(ties) + std::log1p(sum / ties), mean, second / (ties + sum)};
}

std::string PageStates::packed() const { return raw_float32(distances) + raw_float32(weights); }

}  // namespace kelvin
