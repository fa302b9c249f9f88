// top-k: keep the k largest logits (Fan et al. 2018, arXiv 1805.04833). Of logits tied at the border the
// lowest ids stay, or with ties=all every one of them.
#include <limits>

#include "sampling/stage.h"
#include "sampling/stages/descending.h"

namespace kelvin::sampling {

void top_k(std::span<float> logits, const Params& params, const StageContext& step) {
  if (params["k"] <= 0 || params["k"] >= static_cast<double>(logits.size())) return;
  Candidate last = last_of(params["k"], logits, *step.scratch);
  if (params.text("ties") == "all") last = Candidate(last.key(), std::numeric_limits<int>::max());
  remove_after(logits, logits, last);
}

}  // namespace kelvin::sampling
