#include "tools/lab/glitch/glitch_contexts.h"

#include <algorithm>
#include <utility>

#include "sampling/statistics/density_of_states.h"

namespace kelvin {
namespace {

constexpr double floor_of_log_probability = -100;

}  // namespace

TailSums& TailSums::operator+=(const TailSums& other) {
  if (contexts == 0) return *this = other;
  if (other.contexts == 0) return *this;
  contexts += other.contexts;
  for (std::size_t id = 0; id < at_end.size(); ++id) {
    log_probability[id] += other.log_probability[id];
    in_tail[id] += other.in_tail[id];
    at_end[id] += other.at_end[id];
  }
  return *this;
}

std::vector<TailFacts> TailSums::facts() const {
  std::vector<TailFacts> facts;
  if (contexts == 0) return facts;
  const double count = static_cast<double>(contexts);
  for (std::size_t id = 0; id < at_end.size(); ++id)
    facts.push_back({log_probability[id] / count, in_tail[id] / count, at_end[id] / count});
  return facts;
}

std::size_t TailSums::different_last() const {
  return static_cast<std::size_t>(
      std::count_if(at_end.begin(), at_end.end(), [](std::uint32_t n) { return n > 0; }));
}

TailCounter::TailCounter(int vocabulary, int tail, TailSums before)
    : tail_(std::min(static_cast<std::size_t>(tail), static_cast<std::size_t>(vocabulary))),
      sums_(std::move(before)) {
  const auto size = static_cast<std::size_t>(vocabulary);
  if (sums_.contexts == 0)
    sums_ = {0, std::vector<double>(size), std::vector<std::uint32_t>(size),
             std::vector<std::uint32_t>(size)};
}

void TailCounter::add(std::span<const float> logits) {
  const Thermo thermo = DensityOfStates(logits).thermo(1.0);
  order_.assign(logits.begin(), logits.end());
  const auto last_of_tail = order_.begin() + static_cast<std::ptrdiff_t>(tail_ - 1);
  std::nth_element(order_.begin(), last_of_tail, order_.end());
  const float cut = *last_of_tail;
  for (std::size_t id = 0; id < logits.size(); ++id) {
    sums_.log_probability[id] += std::max(thermo.log_p(logits[id]), floor_of_log_probability);
    sums_.in_tail[id] += logits[id] <= cut ? 1 : 0;
  }
  ++sums_.at_end[static_cast<std::size_t>(std::min_element(logits.begin(), logits.end()) - logits.begin())];
  ++sums_.contexts;
}

}  // namespace kelvin
