// The logit lens (nostalgebraist 2020): what the model would say if it ended after each layer, beside what it
// says in the end. The residual stream after every layer goes through the final norm and the head, unchanged
// ("raw lens": early layers need not speak the head's language).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sampling/statistics/token_view.h"

namespace kelvin {

struct LensStage {
  int layer;          // 0: the embedding; then 1 to the number of layers, the last being the model itself
  double entropy;     // nats
  double divergence;  // of this layer's distribution q from the model's p: sum p ln(p / q), nats
  std::vector<TokenRank> top;     // likeliest first
  std::optional<TokenRank> next;  // of the token that follows
};

// lens: (layers + 1, vocabulary), of one position. Throws std::invalid_argument on NaN.
std::vector<LensStage> view_lens(std::span<const float> lens, std::size_t vocabulary, int n_top,
                                 std::optional<int> next);

}  // namespace kelvin
