// no-repeat: bans every token that would complete a sequence of n tokens which the history already holds
// (Paulus et al. 2017, arXiv 1705.04304).
#include "sampling/stage.h"
#include "sampling/stages/history.h"

namespace kelvin::sampling {

void no_repeat(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto window = history_window(step, params["last"]);
  const double n_gram = params["n"];
  const std::size_t n = window.size();
  if (n_gram < 1 || n_gram > static_cast<double>(n)) return;
  auto& lengths = step.scratch->ids;
  repeated_suffixes(window, lengths);
  for (std::size_t i = 1; i <= n; ++i) {
    const auto follower = static_cast<std::size_t>(window[n - i]);
    if (lengths[i] + 1 >= static_cast<int>(n_gram) && follower < logits.size()) logits[follower] = impossible;
  }
}

}  // namespace kelvin::sampling
