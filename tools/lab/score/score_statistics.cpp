#include "tools/lab/score/score_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace kelvin {

double pass_at_k(std::size_t n, std::size_t right, std::size_t k) {
  if (n - right < k) return 1;
  double all_wrong = 1;
  for (std::size_t i = n - right + 1; i <= n; ++i)
    all_wrong *= 1 - static_cast<double>(k) / static_cast<double>(i);
  return 1 - all_wrong;
}

double majority(std::span<const Vote> votes) {
  struct Candidate {
    std::size_t votes = 0;
    bool right = false;
  };
  std::map<std::string, Candidate> candidates;
  std::size_t most = 0;
  for (const Vote& vote : votes) {
    if (!vote.answer) continue;
    Candidate& candidate = candidates[*vote.answer];
    candidate.right = vote.right;
    most = std::max(most, ++candidate.votes);
  }
  double winners = 0, right = 0;
  for (const auto& [answer, candidate] : candidates) {
    if (candidate.votes < most) continue;
    winners += 1;
    right += candidate.right ? 1 : 0;
  }
  return winners > 0 ? right / winners : 0;
}

bool best_of(std::span<const Vote> votes, double Vote::*value) {
  const auto best = std::max_element(votes.begin(), votes.end(),
                                     [&](const Vote& a, const Vote& b) { return a.*value < b.*value; });
  return best != votes.end() && best->right;
}

ClusteredMean clustered_mean(std::span<const double> values, std::span<const std::string> clusters) {
  const auto n = static_cast<double>(values.size());
  ClusteredMean estimate;
  for (const double value : values) estimate.mean += value / n;
  std::map<std::string, double> deviation;
  for (std::size_t i = 0; i < values.size(); ++i) deviation[clusters[i]] += values[i] - estimate.mean;
  double squares = 0;
  for (const auto& [cluster, sum] : deviation) squares += sum * sum;
  const auto count = static_cast<double>(deviation.size());
  estimate.error =
      count > 1 ? std::sqrt(count / (count - 1) * squares) / n : std::numeric_limits<double>::quiet_NaN();
  return estimate;
}

}  // namespace kelvin
