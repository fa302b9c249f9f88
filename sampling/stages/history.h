// The part of a step's history that a sampler looks at, and where it repeats itself.
#pragma once

#include <span>
#include <vector>

#include "sampling/stage.h"

namespace kelvin::sampling {

// The last `last` tokens (all if negative) of the whole history, or of the generated ones alone.
std::span<const int> history_window(const StageContext& step, double last, bool output_only = false);

// For every i in 1..n: how many of the last tokens of `window`, shape (n,), also stand directly before token
// n - i, the token that followed them there. Result, shape (n + 1,), in `lengths`; entry 0 is unused. Linear
// time (the Z-algorithm on the reversed window).
void repeated_suffixes(std::span<const int> window, std::vector<int>& lengths);

}  // namespace kelvin::sampling
