// Which experts a token goes to, and with which weights.
#pragma once

#include <span>
#include <vector>

#include "engine/weights/config.h"

namespace kelvin::engine {

struct ExpertChoice {
  int expert;
  float weight;
};

// Chooses spec.per_token experts for one token, ascending by index: the largest scores, ties to the lower
// index, of the best groups where there are groups. Depends on nothing but the arguments.
void route(const ExpertSpec& spec,
           std::span<const float> logits,      // (spec.count,)
           std::span<const float> correction,  // (spec.count,) where spec.corrected
           std::span<ExpertChoice> chosen);    // (spec.per_token,) out

}  // namespace kelvin::engine
