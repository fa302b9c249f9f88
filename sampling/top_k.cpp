// top-k: keep the k largest logits (Fan et al. 2018, arXiv 1805.04833). Of logits tied at the border the
// lowest ids stay, or with ties=all every one of them.
#include <algorithm>

#include "sampling/descending.h"
#include "sampling/logits.h"

namespace kelvin {

namespace {

// The kth largest logit by a heap of the k largest so far: for small k nearly all blocks are passed over.
float kth_by_heap(std::span<const float> logits, std::size_t k, Scratch& scratch) {
  constexpr std::size_t block = 64;
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

void top_k(std::span<float> logits, const Params& params, const Step& step) {
  const double wish = params["k"];
  if (wish <= 0 || wish >= static_cast<double>(count_possible(logits))) return;
  const auto k = static_cast<std::size_t>(wish);
  constexpr std::size_t heap_limit = 256;
  float border;
  if (k <= heap_limit) {
    border = kth_by_heap(logits, k, *step.scratch);
  } else {
    Descending order(logits, *step.scratch);
    border = static_cast<float>(order[k - 1].key);
  }
  if (params.text("ties") == "all") {
    remove_below(logits, static_cast<double>(border));
    return;
  }
  std::size_t above = 0;
  for (const float z : logits) above += z > border;
  std::size_t tied = k - above;
  for (float& z : logits) {
    if (z > border) continue;
    if (z == border && tied > 0)
      --tied;
    else
      z = impossible;
  }
}

}  // namespace kelvin
