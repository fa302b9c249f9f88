// What every layer says, of one position, beside what the model says in the end.
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

// lens: (layers + 1, vocabulary). Throws std::invalid_argument on NaN.
std::vector<LensStage> view_lens(std::span<const float> lens, std::size_t vocabulary, int n_top,
                                 std::optional<int> next);

}  // namespace kelvin
