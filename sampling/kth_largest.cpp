#include "sampling/kth_largest.h"

#include <algorithm>
#include <functional>

#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

// A heap of the k largest so far: for small k nearly all blocks are passed over.
float kth_by_heap(std::span<const float> logits, std::size_t k, Scratch& scratch) {
  constexpr std::size_t block = 256;
  auto& heap = scratch.weights;  // smallest at the front
  heap.assign(k, static_cast<double>(impossible));
  float least = impossible;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const auto part = logits.subspan(begin, std::min(block, logits.size() - begin));
    if (!(largest(part) > least)) continue;
    for (const float z : part) {
      if (!(z > least)) continue;
      std::pop_heap(heap.begin(), heap.end(), std::greater<>{});
      heap.back() = static_cast<double>(z);
      std::push_heap(heap.begin(), heap.end(), std::greater<>{});
      least = static_cast<float>(heap.front());
    }
  }
  return least;
}

}  // namespace

float kth_largest(std::span<const float> logits, std::size_t k, Scratch& scratch) {
  constexpr std::size_t heap_limit = 256;
  if (k == 1) return largest(logits);
  if (k <= heap_limit) return kth_by_heap(logits, k, scratch);
  Descending order(logits, scratch);
  return k <= order.size() ? order[k - 1].key : impossible;
}

void remove_below(std::span<float> logits, double cut, double keep, Scratch& scratch) {
  const double n = static_cast<double>(logits.size());
  const auto at_least = static_cast<std::size_t>(std::clamp(keep, 1.0, std::max(n, 1.0)));
  remove_below(logits, std::min(cut, static_cast<double>(kth_largest(logits, at_least, scratch))));
}

}  // namespace kelvin
