// Why this token: where it stood among the raw logits and at the end of the chain, and what else might have
// been drawn.
#pragma once

#include <span>
#include <vector>

#include "sampling/chain.h"

namespace kelvin {

struct Standing {
  double probability = 0;  // at beta 1 of the logits in question
  std::size_t rank = 0;    // 1: likeliest; 0: impossible
};

struct Why {
  int drawn = -1;
  int greedy = -1;       // the likeliest raw token
  Standing first, last;  // of the drawn token, before the first and after the last stage
  int removed_by = -1;   // of `greedy`: index of the stage that removed it, if Trace::keep_ids; else -1
  struct Other {
    double temperature;
    int drawn;
  };
  std::vector<Other> same_luck;  // the draw with the same noise at other temperatures
};

// `trace` is that of Chain::sample at `step`; `before` the state that it was given (a copy taken before the
// token was accepted).
Why explain(const Chain& chain, const Trace& trace, const Step& step, const ChainState& before,
            std::span<const double> temperatures);

// Where `token` stands in `logits`, shape (vocabulary,).
Standing standing_of(std::span<const float> logits, int token);

}  // namespace kelvin
