#include "tools/generation/continuation.h"

#include <numeric>

#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {

std::string_view name_of(Ending ending) {
  static constexpr std::string_view names[] = {"eos", "stop", "length", "context", "interrupted"};
  return names[static_cast<std::size_t>(ending)];
}

std::string statistics_line(const Continuation& result, std::optional<double> load_seconds) {
  const auto rate = [](double tokens, double seconds) { return seconds > 0 ? tokens / seconds : 0.0; };
  const int run = result.prompt_tokens - result.cached;
  std::string line = load_seconds ? formatted("load %.2f s; ", *load_seconds) : "";
  line += formatted("prompt %d tok, %.1f tok/s", run, rate(run, result.prompt_seconds));
  if (result.cached > 0) line += formatted(" (+ %d cached)", result.cached);
  // The first token comes out of the prompt's forward pass.
  const double drawn = static_cast<double>(result.ids.size());
  line += formatted("; answer %.0f tok, %.1f tok/s", drawn,
                    rate(drawn > 0 ? drawn - 1 : 0, result.decode_seconds));
  const auto& each = result.log_probabilities;
  if (each.empty()) return line;
  const double mean = std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
  return line + formatted("; mean ln p %.4f (perplexity %.4g)", mean, exp_exact(-mean));
}

}  // namespace kelvin
