// smoothing, quadratic and cubic: z' = z_max - k f d^2 + s f d^3 with d = z - z_max, k = (3 - c) / 2, s = (c
// - 1) / 2 (kalomaze 2024, text-generation-webui PRs 5403 and 5551). c = 1 is the quadratic form; above 3 it
// is no longer monotone.
#include <algorithm>

#include "sampling/logits.h"
#include "sampling/stage.h"

namespace kelvin::sampling {

void smoothing(std::span<float> logits, const Params& params, const StageContext&) {
  const double factor = params["factor"], curve = params["curve"];
  if (factor == 0) return;
  const double square = -(3 - curve) / 2 * factor, cube = (curve - 1) / 2 * factor;
  const double top = static_cast<double>(largest(logits));
  constexpr double bottom = std::numeric_limits<float>::lowest(), limit = std::numeric_limits<float>::max();
  for (float& z : logits) {
    const double d = static_cast<double>(z) - top;
    const double moved = top + (square + cube * d) * d * d;
    z = z == impossible ? impossible : static_cast<float>(std::clamp(moved, bottom, limit));
  }
}

}  // namespace kelvin::sampling
