#include "tools/output/temperature_axis.h"

#include <cmath>

#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {

double place_of(double beta) {
  return std::isinf(beta) ? (beta > 0 ? -1 : 1) : -beta / (1 + std::fabs(beta));
}

double beta_at(double place) { return -place / (1 - std::fabs(place)); }

PlotAxis temperature_axis() {
  PlotAxis axis{"temperature T, from the coldest to the hottest", false, -1.0, 1.0, {}};
  for (const double t : {0.0, 0.1, 0.3, 1.0, 3.0}) {
    const double beta = t == 0 ? infinity : 1 / t;
    axis.ticks.emplace_back(place_of(beta), t == 0 ? "0+" : formatted("%g", t));
    axis.ticks.emplace_back(place_of(-beta), t == 0 ? "-0" : formatted("%g", -t));
  }
  axis.ticks.emplace_back(0.0, "inf");
  return axis;
}

}  // namespace kelvin
