// no-repeat: bans every token that would complete a sequence of n tokens which the history already holds
// (Paulus et al. 2017, arXiv 1705.04304); encoder-no-repeat: which the prompt holds (transformers).
#include <algorithm>

#include "sampling/stage.h"
#include "sampling/stages/history.h"

namespace kelvin::sampling {

namespace {

// `among`: what is not to be repeated stands in this many of the window's first tokens.
void ban_repeats(std::span<float> logits, std::span<const int> window, std::size_t among, double n_gram,
                 const StageContext& step) {
  const std::size_t n = window.size();
  if (n_gram < 1 || n_gram > static_cast<double>(n)) return;
  auto& lengths = step.scratch->ids;
  repeated_suffixes(window, lengths);
  for (std::size_t i = n - std::min(among, n) + 1; i <= n; ++i) {
    const auto follower = static_cast<std::size_t>(window[n - i]);
    if (lengths[i] + 1 >= static_cast<int>(n_gram) && follower < logits.size()) logits[follower] = impossible;
  }
}

}  // namespace

void no_repeat(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto window = history_window(step, params["last"]);
  ban_repeats(logits, window, window.size(), params["n"], step);
}

void encoder_no_repeat(std::span<float> logits, const Params& params, const StageContext& step) {
  ban_repeats(logits, step.tokens, step.n_prompt, params["n"], step);
}

}  // namespace kelvin::sampling
