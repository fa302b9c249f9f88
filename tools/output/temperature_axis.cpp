#include "tools/output/temperature_axis.h"

#include <cmath>

#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {

namespace {

std::string temperature_sign(double beta) {
  if (std::isinf(beta)) return beta > 0 ? "0⁺" : "0⁻";
  return beta == 0 ? "∞" : formatted("%.4g", 1 / beta);
}

std::string name_of_place(double place) {
  // Not quite 0 where a grid meets the middle.
  return "T = " + temperature_sign(std::fabs(place) < 1e-12 ? 0
                                   : std::fabs(place) >= 1  ? -place * infinity
                                                            : beta_at(place));
}

}  // namespace

double place_of(double beta) {
  return std::isinf(beta) ? (beta > 0 ? -1 : 1) : -beta / (1 + std::fabs(beta));
}

double beta_at(double place) { return -place / (1 - std::fabs(place)); }

PlotAxis temperature_axis() {
  PlotAxis axis{"temperature T, from the coldest to the hottest", false, -1.0, 1.0, {}, name_of_place};
  // Evenly spaced.
  for (const double t : {0.0, 0.2, 0.5, 1.0, 2.0, 5.0}) {
    const double beta = t == 0 ? infinity : 1 / t;
    for (const double signed_beta : {beta, -beta})
      axis.ticks.emplace_back(place_of(signed_beta), temperature_sign(signed_beta));
  }
  axis.ticks.emplace_back(0.0, temperature_sign(0));
  return axis;
}

}  // namespace kelvin
