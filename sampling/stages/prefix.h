// How far down the candidates one has to go for a given weight, without sorting the way there.
#pragma once

#include <span>

#include "sampling/stage.h"

namespace kelvin::sampling {

// The shortest run of candidates, descending by key and then by ascending id, whose weights add up to
// `wanted` or more: at least one, all if there is none. Both spans: (vocabulary,); an impossible key has
// weight 0. The search takes less time if the run ends above the key `least`.
struct Prefix {
  Candidate last;
  double sum;
};
Prefix prefix_holding(double wanted, std::span<const float> keys, std::span<const double> weights, double min,
                      Scratch& scratch);

}  // namespace kelvin::sampling
