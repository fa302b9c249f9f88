// When a text may end:
//   min-new     no token that ends the text before `n` tokens are drawn (transformers' min_new_tokens, vLLM's
//               min_tokens)
//   end-decay   once more than `start` tokens are drawn, the logits z of these tokens rise by |z| (f^m - 1),
//   m the
//               number of tokens beyond `start` (transformers' exponential_decay_length_penalty)
#include <algorithm>
#include <cmath>

#include "sampling/stage.h"
#include "sampling/stages/token_set.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

// The ids that end the text: those of the vocabulary, or a set.
std::shared_ptr<const void> prepare_ends(const Params& params, const Vocabulary& vocabulary) {
  const std::string_view ends = params.text("ends");
  return std::make_shared<const std::vector<int>>(
      ends == "usual" ? std::vector<int>(vocabulary.stops.begin(), vocabulary.stops.end())
                      : token_set(ends, vocabulary));
}

void min_new(std::span<float> logits, const Params& params, const StageContext& step) {
  if (static_cast<double>(step.generated()) >= params["n"]) return;
  for (const int id : params.prepared<std::vector<int>>())
    if (static_cast<std::size_t>(id) < logits.size()) logits[static_cast<std::size_t>(id)] = impossible;
}

void end_decay(std::span<float> logits, const Params& params, const StageContext& step) {
  const double beyond = static_cast<double>(step.generated()) - params["start"];
  if (beyond <= 0) return;
  constexpr double limit = std::numeric_limits<float>::max();
  const double growth = exp_exact(beyond * log_exact(params["factor"])) - 1;
  for (const int id : params.prepared<std::vector<int>>()) {
    if (static_cast<std::size_t>(id) >= logits.size()) continue;
    float& z = logits[static_cast<std::size_t>(id)];
    const double raised = static_cast<double>(z) + std::fabs(static_cast<double>(z)) * growth;
    if (z != impossible) z = static_cast<float>(std::clamp(raised, -limit, limit));
  }
}

}  // namespace kelvin::sampling
