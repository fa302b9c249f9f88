#include "sampling/statistics/token_view.h"

#include <algorithm>

#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/logit_scan.h"

namespace kelvin {
namespace {

double logit_of(std::span<const float> logits, int id) { return logits[static_cast<std::size_t>(id)]; }

TokenRank make_rank(const Thermo& t, std::span<const float> logits, int id, std::size_t rank) {
  const double log_p = t.log_p(logit_of(logits, id));
  return {id, log_p, log_p == -infinity ? 0.0 : exp_exact(log_p), rank};
}

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

}  // namespace

DistributionView view_distribution(std::span<const float> logits, int n_top, int n_bottom) {
  const Thermo t = thermo(logits, 1.0);
  DistributionView view{t.entropy, {}, {}};
  // Equal logits rank by id, so the one of the higher id is the less likely.
  const auto likelier = [&](int a, int b) {
    const double za = logit_of(logits, a), zb = logit_of(logits, b);
    return za > zb || (za == zb && a < b);
  };
  for (const int id : first_ids(logits, n_top, likelier))
    view.top.push_back(make_rank(t, logits, id, view.top.size() + 1));
  for (const int id : first_ids(logits, n_bottom, [&](int a, int b) { return likelier(b, a); }))
    view.bottom.push_back(make_rank(t, logits, id, t.possible - view.bottom.size()));
  return view;
}

TokenRank token_rank(std::span<const float> logits, int id) {
  const std::size_t rank = rank_of(logits, id);
  if (rank == 0) return {.id = id};
  return make_rank(thermo(logits, 1.0), logits, id, rank);
}

double log_probability(std::span<const float> logits, int id) {
  return thermo(logits, 1.0).log_p(logit_of(logits, id));
}

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
