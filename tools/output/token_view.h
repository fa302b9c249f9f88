// What a row of logits says: the ends of its distribution, its entropy, the chance of one token. All at beta
// = 1.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kelvin {

struct TokenChance {
  int id;
  double log_probability;  // nats
  double probability;
  std::size_t rank;  // 1: the likeliest; equal logits rank by id; 0: impossible
};

struct DistributionView {
  double entropy;                   // nats
  std::vector<TokenChance> top;     // likeliest first
  std::vector<TokenChance> bottom;  // least likely first, impossible tokens left out
};

// logits: (vocabulary,). Throws std::invalid_argument if one is NaN or none is possible.
DistributionView view_distribution(std::span<const float> logits, int n_top, int n_bottom);
TokenChance chance_of(std::span<const float> logits, int id);

// ln softmax(logits)[id] at beta = 1; logits: (vocabulary,)
double log_probability(std::span<const float> logits, int id);

}  // namespace kelvin
