#include "tools/inspect/logit_lens.h"

#include "sampling/statistics/boltzmann.h"

namespace kelvin {

std::vector<LensStage> view_lens(std::span<const float> lens, std::size_t vocabulary, int n_top,
                                 std::optional<int> next) {
  std::vector<double> model(vocabulary), layer(vocabulary);
  log_softmax<float, double>(lens.last(vocabulary), 1.0, model);
  std::vector<LensStage> stages;
  for (std::size_t start = 0; start < lens.size(); start += vocabulary) {
    const std::span<const float> logits = lens.subspan(start, vocabulary);
    DistributionView view = view_distribution(logits, n_top, 0);
    log_softmax<float, double>(logits, 1.0, layer);
    ExactSum divergence;
    for (std::size_t i = 0; i < vocabulary; ++i)
      if (model[i] > -infinity) divergence.add(exp_exact(model[i]) * (model[i] - layer[i]));
    LensStage stage{static_cast<int>(start / vocabulary), view.entropy, divergence.value(),
                    std::move(view.top), std::nullopt};
    if (next) stage.next = token_rank(logits, *next);
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace kelvin
