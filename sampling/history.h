// The part of a step's history that a sampler looks at.
#pragma once

#include <algorithm>
#include <span>

#include "sampling/stage.h"

namespace kelvin {

// The last `last` tokens (all if negative) of the whole history, or of the generated ones alone.
inline std::span<const int> history_window(const Step& step, double last, bool output_only) {
  const std::size_t n = step.tokens.size();
  const std::size_t first = output_only ? std::min(step.n_prompt, n) : 0;
  const std::size_t available = n - first;
  const bool all = last < 0 || last >= static_cast<double>(available);
  return step.tokens.last(all ? available : static_cast<std::size_t>(last));
}

}  // namespace kelvin
