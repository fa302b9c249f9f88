// min-p: drop tokens less likely than p times the likeliest (Nguyen et al. 2024, arXiv 2407.01082).
#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/descending.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void min_p(std::span<float> logits, const Params& params, const StageContext& step) {
  // p_i >= p p_max  <=>  z_i >= z_max + ln p: no softmax, and no rounding of small probabilities.
  const double cut = static_cast<double>(largest(logits)) + log_exact(params["p"]);
  remove_below_keeping(logits, cut, params["keep"], *step.scratch);
}

}  // namespace kelvin::sampling
