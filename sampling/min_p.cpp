// min-p: drop tokens less likely than p times the likeliest (Nguyen et al. 2024, arXiv 2407.01082).
#include "sampling/boltzmann.h"
#include "sampling/logits.h"

namespace kelvin {

void min_p(std::span<float> logits, const Params& params, const Step&) {
  // p_i >= p p_max  <=>  z_i >= z_max + ln p: no softmax, and no rounding of small probabilities.
  remove_below(logits, static_cast<double>(largest(logits)) + log_exact(params["p"]));
}

}  // namespace kelvin
