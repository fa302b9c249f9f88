#include "sampling/stages/prefix.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sampling/logits.h"
#include "sampling/stages/descending.h"

namespace kelvin::sampling {

namespace {

constexpr std::size_t steps = 1024, keys_at_once = 256;

// Equal steps from the largest key down to `least`; what lies below that is on the last one. Halves, so that
// no distance overflows.
class Staircase {
 public:
  Staircase(float top, float min) : half_top_(0.5f * top) {
    const float height = half_top_ - 0.5f * min;
    scale_ = std::min(static_cast<float>(steps) / height, std::numeric_limits<float>::max());
  }
  int operator()(float key) const {
    constexpr float last = steps - 1;
    const float step = (half_top_ - 0.5f * key) * scale_;
    return static_cast<int>(step < last ? step : last);
  }

 private:
  float half_top_, scale_;
};

}  // namespace

Prefix prefix_holding(double wanted, std::span<const float> keys, std::span<const double> weights, double min,
                      Scratch& scratch) {
  const float top = largest(keys), lowest = smallest_possible(keys);
  const Staircase step_of(top, std::clamp(static_cast<float>(min), lowest, top));
  // In four parts, so that of many tokens on one step each does not wait for the one before.
  constexpr std::size_t parts = 4;
  std::array<std::array<double, parts>, steps> held{};
  std::array<int, keys_at_once> step;
  for (std::size_t begin = 0; begin < keys.size(); begin += keys_at_once) {
    const std::size_t n = std::min(keys_at_once, keys.size() - begin);
    for (std::size_t i = 0; i < n; ++i) step[i] = step_of(keys[begin + i]);
    for (std::size_t i = 0; i < n; ++i)
      held[static_cast<std::size_t>(step[i])][i % parts] += weights[begin + i];
  }
  double sum = 0;
  int crossed = 0;
  for (const int bottom = step_of(lowest); crossed < bottom; ++crossed) {
    const auto& part = held[static_cast<std::size_t>(crossed)];
    const double next = sum + ((part[0] + part[1]) + (part[2] + part[3]));
    if (next >= wanted) break;
    sum = next;
  }

  auto& on_step = scratch.candidates;
  on_step.resize(keys.size());
  scratch.spare.resize(keys.size());
  std::size_t found = 0;
  for (std::size_t begin = 0; begin < keys.size(); begin += keys_at_once) {
    const std::size_t n = std::min(keys_at_once, keys.size() - begin);
    int hits = 0;
    for (std::size_t i = 0; i < n; ++i) {
      step[i] = step_of(keys[begin + i]);
      hits += step[i] == crossed;
    }
    if (hits == 0) continue;
    for (std::size_t i = 0; i < n; ++i) {
      on_step[found] = Candidate(keys[begin + i], static_cast<int>(begin + i));
      found += step[i] == crossed && keys[begin + i] != impossible;
    }
  }
  sort(on_step, scratch.spare, found);
  std::size_t length = 0;
  while (length < found && (length == 0 || sum < wanted))
    sum += weights[static_cast<std::size_t>(on_step[length++].id())];
  return {on_step[length - 1], sum};
}

}  // namespace kelvin::sampling
