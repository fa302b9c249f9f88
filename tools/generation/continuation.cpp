#include "tools/generation/continuation.h"

#include <cstdio>
#include <numeric>

#include "sampling/statistics/boltzmann.h"

namespace kelvin {

std::string_view name_of(Ending ending) {
  static constexpr std::string_view names[] = {"eos", "stop", "length", "context", "interrupted"};
  return names[static_cast<std::size_t>(ending)];
}

std::string statistics_line(const Continuation& result, std::optional<double> load_seconds) {
  char part[128];
  std::string line;
  const auto rate = [](double tokens, double seconds) { return seconds > 0 ? tokens / seconds : 0.0; };
  if (load_seconds) {
    std::snprintf(part, sizeof part, "load %.2f s; ", *load_seconds);
    line += part;
  }
  const int run = result.prompt_tokens - result.cached;
  std::snprintf(part, sizeof part, "prompt %d tok, %.1f tok/s", run, rate(run, result.prompt_seconds));
  line += part;
  if (result.cached > 0) line += " (+ " + std::to_string(result.cached) + " cached)";
  // The first token comes out of the prompt's forward pass.
  const double drawn = static_cast<double>(result.ids.size());
  std::snprintf(part, sizeof part, "; answer %.0f tok, %.1f tok/s", drawn,
                rate(drawn > 0 ? drawn - 1 : 0, result.decode_seconds));
  line += part;
  if (const auto& each = result.log_probabilities; !each.empty()) {
    const double mean = std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
    std::snprintf(part, sizeof part, "; mean ln p %.4f (perplexity %.4g)", mean, exp_exact(-mean));
    line += part;
  }
  return line;
}

}  // namespace kelvin
