#include "tools/generation/continuation.h"

#include <limits>

namespace kelvin {

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::stop_token:
      return "eos";
    case Ending::stop_text:
      return "stop";
    case Ending::max_tokens:
      return "length";
    case Ending::context_full:
      return "context";
    case Ending::interrupted:
      return "interrupted";
  }
  return "";
}

double Continuation::mean_log_probability() const {
  if (log_probabilities.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double value : log_probabilities) sum += value;
  return sum / static_cast<double>(log_probabilities.size());
}

}  // namespace kelvin
