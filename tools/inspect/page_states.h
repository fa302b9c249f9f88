// One step's logits as a page carries them: both ends exactly (their logits and how many tokens are tied
// there), what lies between as the states of a DensityOfStates with three Gauss nodes a bin, each a distance
// to the nearer end and a weight in float32. A bin is never wider than an eighth of its distance to the end,
// so at any beta a state is misplaced by little where its weight matters: all that the page computes stays
// within 1e-3 of the full vocabulary's (absolute below 1, else relative; tests/tools/inspect/page_states_test.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sampling/statistics/density_of_states.h"

namespace kelvin {

struct PageStates {
  double bottom, top;
  std::size_t bottom_ties, top_ties;
  std::size_t possible;          // tokens
  std::size_t low;               // how many of the states are measured from the bottom
  std::vector<float> distances;  // (states,), of the inner states; the low ones first, ascending logits
  std::vector<float> weights;    // (states,), tokens

  // Throws as DensityOfStates does. logits: (vocabulary,)
  explicit PageStates(std::span<const float> logits);

  // The page's own arithmetic (`moments` in logits_page_script.cpp), step by step; for tests.
  StepMoments moments(double beta) const;

  // distances and weights, float32 little-endian, one after the other.
  std::string packed() const;
};

}  // namespace kelvin
