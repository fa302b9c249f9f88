// A bias on one logit.
#pragma once

#include <algorithm>
#include <limits>

#include "sampling/stage.h"

namespace kelvin::sampling {

// -infinity bans; any other bias leaves a possible token possible.
inline void add_bias(float& logit, double by) {
  constexpr double most = std::numeric_limits<float>::max();
  if (by == -std::numeric_limits<double>::infinity())
    logit = impossible;
  else if (logit != impossible)
    logit = static_cast<float>(std::clamp(static_cast<double>(logit) + by, -most, most));
}

}  // namespace kelvin::sampling
