#include "tools/generation/continuation.h"

#include <limits>

namespace kelvin {

std::string_view name_of(Ending ending) {
  static constexpr std::string_view names[] = {"eos", "stop", "length", "context", "interrupted"};
  return names[static_cast<std::size_t>(ending)];
}

double Continuation::mean_log_probability() const {
  if (log_probabilities.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double value : log_probabilities) sum += value;
  return sum / static_cast<double>(log_probabilities.size());
}

}  // namespace kelvin
