#include "engine/forward/routing.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/platform/portable_math.h"

namespace kelvin::engine {
namespace {

constexpr double never = -std::numeric_limits<double>::infinity();

std::vector<double> scores_of(const ExpertSpec& spec, std::span<const float> logits) {
  std::vector<double> scores(logits.begin(), logits.end());
  if (spec.scoring == Scoring::sigmoid) {
    for (double& s : scores) s = 1.0 / (1.0 + portable::exp(-s));
    return scores;
  }
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& s : scores) sum += s = portable::exp(s - largest);
  for (double& s : scores) s /= sum;
  return scores;
}

// Indices of the `count` largest, ties to the lower index. NaN counts as least, so that the order is total.
std::vector<int> largest_of(const std::vector<double>& values, int count) {
  const auto rank = [&](int i) { return values[i] != values[i] ? never : values[i]; };
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](int a, int b) { return rank(a) != rank(b) ? rank(a) > rank(b) : a < b; });
  order.resize(static_cast<std::size_t>(count));
  return order;
}

// A group counts by its best expert, or by its best two together where scores are corrected
// (DeepSeek-V3, arXiv 2412.19437).
void leave_best_groups(const ExpertSpec& spec, std::vector<double>& scores) {
  const int size = spec.count / spec.groups;
  std::vector<double> of_group;
  for (int g = 0; g < spec.groups; ++g) {
    std::vector<double> members(scores.begin() + g * size, scores.begin() + (g + 1) * size);
    const int counted = spec.corrected ? std::min(2, size) : 1;
    double sum = 0;
    for (const int i : largest_of(members, counted)) sum += members[i];
    of_group.push_back(sum);
  }
  const std::vector<int> kept = largest_of(of_group, spec.groups_kept);
  for (int i = 0; i < spec.count; ++i)
    if (std::find(kept.begin(), kept.end(), i / size) == kept.end()) scores[i] = never;
}

}  // namespace

void route(const ExpertSpec& spec, std::span<const float> logits, std::span<const float> correction,
           std::span<ExpertChoice> chosen) {
  const std::vector<double> scores = scores_of(spec, logits);
  std::vector<double> ranked = scores;
  if (spec.corrected)
    for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i] += correction[i];
  if (spec.groups_kept < spec.groups) leave_best_groups(spec, ranked);
  std::vector<int> best = largest_of(ranked, spec.per_token);
  std::sort(best.begin(), best.end());
  double sum = 0;
  for (const int i : best) sum += scores[i];
  const double factor = spec.normalise ? spec.scale / sum : spec.scale;
  for (std::size_t i = 0; i < best.size(); ++i)
    chosen[i] = {best[i], static_cast<float>(scores[best[i]] * factor)};
}

}  // namespace kelvin::engine
