// Why this token: where it and the model's likeliest one stood from stage to stage, how much noise they had in
// the draw, and what else might have been drawn.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sampling/chain.h"

namespace kelvin {

// One token on its way through the chain.
struct Contender {
  int id = -1;
  TokenRank first, last;         // before the first and after the last stage
  std::vector<TokenRank> after;  // each stage
  double gumbel = 0;             // its Gumbel noise: the largest ln p + Gumbel noise is drawn
};

struct Why {
  Contender drawn;
  Contender greedy;     // the model's likeliest token; may be the drawn one
  Contender rival;      // the likeliest at the end of the chain, the drawn token aside; id -1: none was left
  int removed_by = -1;  // index of the stage that removed `greedy`; -1: none did
  // Index of the stage that changed the odds of `drawn` against `greedy` the most in favour of `drawn`; -1:
  // none did, or `greedy` was removed.
  int favoured_by = -1;
  struct Other {
    double temperature;
    int drawn;
  };
  std::vector<Other> same_noise;  // the draw with the same noise at other temperatures
};

// `trace` is that of Chain::sample at `step`; `before` the state that it was given (a copy taken before the
// token was accepted).
Why explain(const Chain& chain, const Trace& trace, const Step& step, const ChainState& before,
            std::span<const double> temperatures);

// Three usual temperatures, none of them the chain's own.
std::array<double, 3> other_temperatures(const Chain& chain);

}  // namespace kelvin
