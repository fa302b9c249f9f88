#include "sampling/statistics/token_view.h"

#include <algorithm>
#include <optional>

#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/logit_scan.h"

namespace kelvin {
namespace {

double logit_of(std::span<const float> logits, int id) { return logits[static_cast<std::size_t>(id)]; }

// The `count` first of the possible ids in an order.
template <class Before>
std::vector<int> first_ids(std::span<const float> logits, int count, Before before) {
  std::vector<int> ids;
  for (int id = 0; id < static_cast<int>(logits.size()); ++id)
    if (logits[static_cast<std::size_t>(id)] != impossible) ids.push_back(id);
  const std::size_t kept = std::min(ids.size(), static_cast<std::size_t>(std::max(count, 0)));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(kept), ids.end(), before);
  ids.resize(kept);
  return ids;
}

// The sum of exp(z - top) over tokens with z < top. Lanes are independent, so that this becomes vector code; a block's
// rounding error is that of its few additions, and blocks are added exactly.
double weight_below(std::span<const float> logits, double top) {
  constexpr std::size_t lanes = 8, block = 128;
  ExactSum sum;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t end = std::min(begin + block, logits.size());
    double lane[lanes] = {};
    std::size_t i = begin;
    const auto weight = [&](std::size_t at) {
      const double distance = static_cast<double>(logits[at]) - top;
      // exp_exact(-800) is 0.
      return distance < 0 ? exp_exact(distance) : 0.0;
    };
    for (; i + lanes <= end; i += lanes)
      for (std::size_t l = 0; l < lanes; ++l) lane[l] += weight(i + l);
    for (; i < end; ++i) lane[0] += weight(i);
    sum.add(((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7])));
  }
  return sum.value();
}

// ln p of the tokens of one row: the same for every question.
class LogProbabilities {
 public:
  // Throws std::invalid_argument if a logit is NaN or none is possible.
  explicit LogProbabilities(std::span<const float> logits) : logits_(logits) {
    const Scan all = scan(logits);
    if (all.not_finite > 0 || all.top == impossible) {
      odd_ = thermo(logits, 1.0);
      return;
    }
    top_ = all.top;
    double ties = 0;
    for (const float z : logits) ties += z == all.top ? 1.0 : 0.0;
    log_z_ = log_exact(ties) + log1p_exact(weight_below(logits, top_) / ties);
  }
  double of(int id) const {
    const double z = logit_of(logits_, id);
    return odd_ ? odd_->log_p(z) : z == -infinity ? -infinity : (z - top_) - log_z_;
  }
  TokenRank ranked(int id, std::size_t rank) const {
    const double log_p = of(id);
    return {id, log_p, log_p == -infinity ? 0.0 : exp_exact(log_p), rank};
  }

 private:
  std::span<const float> logits_;
  double top_ = 0, log_z_ = 0;  // the largest logit; ln of the sum of exp(z - top_)
  std::optional<Thermo> odd_;   // where a logit is +infinity
};

}  // namespace

DistributionView view_distribution(std::span<const float> logits, int n_top, int n_bottom) {
  const Thermo t = thermo(logits, 1.0);
  const LogProbabilities probabilities(logits);
  DistributionView view{t.entropy, {}, {}};
  // Equal logits rank by id, so the one of the higher id is the less likely.
  const auto likelier = [&](int a, int b) {
    const double za = logit_of(logits, a), zb = logit_of(logits, b);
    return za > zb || (za == zb && a < b);
  };
  for (const int id : first_ids(logits, n_top, likelier))
    view.top.push_back(probabilities.ranked(id, view.top.size() + 1));
  for (const int id : first_ids(logits, n_bottom, [&](int a, int b) { return likelier(b, a); }))
    view.bottom.push_back(probabilities.ranked(id, t.possible - view.bottom.size()));
  return view;
}

TokenRank token_rank(std::span<const float> logits, int id) {
  const std::size_t rank = rank_of(logits, id);
  if (rank == 0) return {.id = id};
  return LogProbabilities(logits).ranked(id, rank);
}

double log_probability(std::span<const float> logits, int id) { return LogProbabilities(logits).of(id); }

double self_certainty(std::span<const float> logits) {
  return self_certainty(logits, thermo(logits, 1.0).log_z);
}

double self_certainty(std::span<const float> logits, double log_z) {
  ExactSum sum;
  double possible = 0;
  for (const float z : logits) {
    if (z == impossible) continue;
    sum.add(static_cast<double>(z));
    possible += 1;
  }
  return log_z - sum.value() / possible - log_exact(possible);
}

}  // namespace kelvin
