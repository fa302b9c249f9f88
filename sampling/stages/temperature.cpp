#include "sampling/stages/temperature.h"

#include <limits>

#include "sampling/logits.h"

namespace kelvin {

double beta_of(double temperature) { return 1.0 / temperature; }

void temper(std::span<float> logits, double beta, bool keep_zero) {
  const double unlimited = std::numeric_limits<double>::infinity();
  const float extreme = beta < 0 ? smallest_possible(logits) : largest(logits);
  if (beta == unlimited || beta == -unlimited) {
    for (float& z : logits) z = z == extreme ? (keep_zero ? z : 0.0f) : impossible;
    return;
  }
  constexpr double bottom = std::numeric_limits<float>::lowest(), top = std::numeric_limits<float>::max();
  // Beyond what a float holds only differences from the extreme keep their order.
  const bool fits = beta * static_cast<double>(extreme) <= top;
  const double ref = keep_zero && fits ? 0.0 : static_cast<double>(extreme);
  if (beta > 0 && beta * (static_cast<double>(smallest_possible(logits)) - ref) >= bottom) {
    // The usual case, whose loop has nothing to decide: no float overflows, and -infinity stays.
    for (float& z : logits) z = static_cast<float>(beta * (static_cast<double>(z) - ref));
    return;
  }
  for (float& z : logits) {
    double scaled = beta * (static_cast<double>(z) - ref);
    scaled = scaled < bottom ? bottom : scaled;
    scaled = scaled > top ? top : scaled;
    z = z == impossible ? impossible : beta == 0 ? 0.0f : static_cast<float>(scaled);
  }
}

}  // namespace kelvin
