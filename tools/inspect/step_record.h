// Everything a report shows of one step: what the model offered, what the chain made of it, what was drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/why.h"
#include "tools/inspect/logit_lens.h"
#include "tools/inspect/logits_pass.h"
#include "tools/inspect/page_states.h"

namespace kelvin {

struct ListedToken {
  int id;
  float logit;                     // of the model
  float log_probability;           // at the end of the chain; -inf: removed
  std::uint32_t rank, chain_rank;  // 1: likeliest; chain_rank 0: removed
};

// A token that came, judged by the model's own distribution before it.
struct TokenJudgement {
  double log_probability;  // nats, at beta 1
  std::size_t rank, rank_from_end;
  double beta;  // that makes it likeliest: <z> = its logit; +-inf for the largest and smallest; NaN where all
                // logits are equal, or it is impossible
};

struct StepRecord {
  int position;  // of the drawn token
  double entropy;
  std::optional<TokenJudgement> token;  // if one came
  PageStates states;
  // Both ends of the model's order and both of the chain's, likeliest first.
  std::vector<ListedToken> listed;
  Trace trace;                         // without its arrays of logits
  int drawn;                           // by the chain, with the noise of this step
  std::string decided;                 // the stage that decided what is drawn, or what else did
  std::vector<Why::Other> same_noise;  // along the line from 0+ over infinity to 0-
  std::vector<LensStage> lens;
};

struct StepRecordOptions {
  const Chain* chain = nullptr;
  bool detailed = true;  // else without listed, same_noise and lens
  int ends = 20;         // listed tokens of each end
};

// `step` and `state` are those of a draw after at.position; `state` is left for its accept.
StepRecord record_step(const PositionLogits& at, const Step& step, ChainState& state,
                       const StepRecordOptions& options);

}  // namespace kelvin
