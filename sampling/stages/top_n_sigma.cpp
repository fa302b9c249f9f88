// top-n-sigma: keep logits within n standard deviations of the largest (Tang et al. 2024, arXiv 2411.07641).
// Population deviation over the tokens that are possible, so the kept set does not depend on a temperature
// before it.
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void top_n_sigma(std::span<float> logits, const Params& params, const StageContext& step) {
  const double top = static_cast<double>(largest(logits));
  const double sigma = std::sqrt(variance_of(logits, *step.scratch));
  remove_below(logits, top - params["n"] * sigma);
}

}  // namespace kelvin::sampling
