// top-k: keep the k largest logits (Fan et al. 2018, arXiv 1805.04833). Of logits tied at the border the
// lowest ids stay, or with ties=all every one of them.
#include "sampling/kth_largest.h"
#include "sampling/logits.h"

namespace kelvin {

void top_k(std::span<float> logits, const Params& params, const Step& step) {
  if (params["k"] <= 0 || params["k"] >= static_cast<double>(logits.size())) return;
  const auto k = static_cast<std::size_t>(params["k"]);
  const float border = kth_largest(logits, k, *step.scratch);
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
