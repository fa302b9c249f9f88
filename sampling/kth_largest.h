// The border that leaves k tokens.
#pragma once

#include <cstddef>
#include <span>

#include "sampling/stage.h"

namespace kelvin {

// The k-th largest logit; `impossible` if fewer than k tokens are possible. 1 <= k.
float kth_largest(std::span<const float> logits,  // (vocabulary,)
                  std::size_t k, Scratch& scratch);

// Makes tokens below `cut` impossible, but leaves at least the `keep` likeliest, and what is tied with the
// last of these.
void remove_below(std::span<float> logits, double cut, double keep, Scratch& scratch);

}  // namespace kelvin
