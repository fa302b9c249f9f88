// What a row of logits says: the ends of its distribution, its entropy, the chance of one token. All at beta
// = 1.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kelvin {

// Where one token stands among the others.
struct TokenRank {
  int id = -1;
  double log_probability = -std::numeric_limits<double>::infinity();  // nats
  double probability = 0;
  std::size_t rank = 0;  // 1: the likeliest; equal logits rank by id; 0: impossible
};

struct DistributionView {
  double entropy;                 // nats
  std::vector<TokenRank> top;     // likeliest first
  std::vector<TokenRank> bottom;  // least likely first, impossible tokens left out
};

// logits: (vocabulary,). Throws std::invalid_argument if one is NaN or none is possible.
DistributionView view_distribution(std::span<const float> logits, int n_top, int n_bottom);
// Of one token; impossible where there is no such token.
TokenRank token_rank(std::span<const float> logits, int id);

// ln softmax(logits)[id] at beta = 1; logits: (vocabulary,)
double log_probability(std::span<const float> logits, int id);

// How far the distribution is from knowing nothing: KL(uniform || softmax(logits)) over the n possible tokens, nats,
// = ln Z - <z> over the tokens alike - ln n; 0 where all logits are equal. The self-certainty of a text is its mean
// over the tokens (Kang et al. 2025, arXiv 2502.18581). Throws as view_distribution().
double self_certainty(std::span<const float> logits);
// The same for who knows ln Z at beta = 1 already: it takes most of the time.
double self_certainty(std::span<const float> logits, double log_z);

}  // namespace kelvin
