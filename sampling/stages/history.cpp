#include "sampling/stages/history.h"

#include <algorithm>

namespace kelvin::sampling {

std::span<const int> history_window(const StageContext& step, double last, bool output_only) {
  const std::size_t n = step.tokens.size();
  const std::size_t first = output_only ? std::min(step.n_prompt, n) : 0;
  const std::size_t available = n - first;
  const bool all = last < 0 || last >= static_cast<double>(available);
  return step.tokens.last(all ? available : static_cast<std::size_t>(last));
}

void repeated_suffixes(std::span<const int> window, std::vector<int>& lengths) {
  const std::size_t n = window.size();
  // A window that grows by a token per step shall not allocate at each.
  if (lengths.capacity() <= n) lengths.reserve(2 * (n + 1));
  lengths.assign(n + 1, 0);
  const auto reversed = [&](std::size_t i) { return window[n - 1 - i]; };
  // [left, right) is the match found so far that reaches furthest.
  std::size_t left = 0, right = 0;
  for (std::size_t i = 1; i < n; ++i) {
    std::size_t length = 0;
    if (i < right) length = std::min(right - i, static_cast<std::size_t>(lengths[i - left]));
    while (i + length < n && reversed(length) == reversed(i + length)) ++length;
    if (i + length > right) {
      left = i;
      right = i + length;
    }
    lengths[i] = static_cast<int>(length);
  }
}

}  // namespace kelvin::sampling
