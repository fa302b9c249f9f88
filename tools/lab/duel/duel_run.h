// Texts of several chains, drawn side by side with the same noise.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tools/lab/duel/step_comparison.h"
#include "tools/lab/work/long_work.h"
#include "tools/options/model_options.h"

namespace kelvin {

struct DuelPlan {
  std::vector<int> prompt;
  std::vector<Chain> chains;  // at least two; none takes tokens back
  int draws = 20;
  int max_tokens = 100;
  std::uint64_t seed = 0;
  bool ignore_eos = false;
};

struct DuelText {
  std::vector<int> ids;
  std::string text;
  std::vector<double> log_probabilities;  // of each id by the model, at T = 1
};

// One draw: texts of all chains at one (seed, stream). Along the first chain's text, each other chain is compared with it.
struct DuelDraw {
  std::vector<DuelText> texts;  // (chains,)
  std::vector<StepSums> steps;  // (chains - 1,)
};

// (draws,), the stream of each is its number. Draws run eight at a time, with the bits each has alone. Shows a progress bar. Nothing if
// only a shard was done. Throws UserError, Interrupted.
std::optional<std::vector<DuelDraw>> run_duel(OpenModel& model, const DuelPlan& plan, const WorkFlags& flags,
                                              const std::atomic<bool>* stop);

// The same from the parts of all shards, which must be of this model and plan.
std::vector<DuelDraw> merge_duel(const OpenModel& model, const DuelPlan& plan,
                                 const std::vector<std::string>& parts);

}  // namespace kelvin
