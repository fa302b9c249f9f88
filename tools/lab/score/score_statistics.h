// What many judged answers say about a chain, with error bars.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kelvin {

// The chance that at least one of `k` answers is right, from `n` drawn ones of which `right` are: 1 - C(n - right, k) /
// C(n, k), which is unbiased (Chen et al. 2021, arXiv 2107.03374). 1 <= k <= n.
double pass_at_k(std::size_t n, std::size_t right, std::size_t k);

// One answer, as the ways to choose among several see it.
struct Vote {
  bool right = false;
  std::optional<std::string> answer;  // what it comes to; nothing: it has no vote
  double log_probability = 0;         // mean of a token
  double self_certainty = 0;          // mean of a token
};

// The chance to be right for who takes the answer that most votes have, and draws among those that have as many. Of
// equal answers all are right or none. 0 without a vote.
double majority(std::span<const Vote> votes);
// Whether the vote with the largest `value` is right; the first of equal ones.
bool best_of(std::span<const Vote> votes, double Vote::*value);

struct ClusteredMean {
  double mean = 0;
  double error = 0;  // standard error; NaN from a single cluster
};

// The mean of `values`, one a task, and its standard error where tasks of one cluster may be alike:
// sqrt(G / (G - 1) sum over clusters of (sum of value - mean)^2) / n, with G clusters and n tasks (Miller 2024,
// arXiv 2411.00640). Where every task is a cluster, this is the standard deviation over sqrt(n). `values` is not empty.
ClusteredMean clustered_mean(std::span<const double> values, std::span<const std::string> clusters);

}  // namespace kelvin
