// XTC, exclude top choices: with some probability, drop of the tokens that reach a threshold all but the
// least likely (p-e-w 2024, text-generation-webui PR 6335). Its coin is a stream of the noise of its own,
// independent of the draw.
#include "sampling/logits.h"
#include "sampling/noise.h"
#include "sampling/stage.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

void xtc(std::span<float> logits, const Params& params, const StageContext& step) {
  constexpr std::uint64_t purpose = 1;
  const double threshold = params["threshold"];
  // Above one half no two tokens can reach the threshold.
  if (threshold > 0.5 || !(stage_noise(step, purpose).uniform(0) < params["probability"])) return;
  const double total = fill_weights(logits, *step.scratch);
  const double cut = static_cast<double>(largest(logits)) + log_exact(threshold * total);
  std::size_t survivor = logits.size();
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (static_cast<double>(logits[i]) >= cut && logits[i] != impossible &&
        (survivor == logits.size() || logits[i] <= logits[survivor]))
      survivor = i;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (static_cast<double>(logits[i]) >= cut && i != survivor) logits[i] = impossible;
}

}  // namespace kelvin::sampling
