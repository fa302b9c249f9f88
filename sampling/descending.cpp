#include "sampling/descending.h"

#include <algorithm>

#include "sampling/logits.h"

namespace kelvin {

namespace {

// Equal-width buckets between the smallest and the largest key: with the keys of real logits each holds a few
// dozen.
constexpr std::size_t n_buckets = 4096;

bool comes_first(const Candidate& a, const Candidate& b) {
  return a.key != b.key ? a.key > b.key : a.id < b.id;
}

}  // namespace

Descending::Descending(std::span<const float> logits, Scratch& scratch) : scratch_(&scratch) {
  scratch.unordered.resize(logits.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    scratch.unordered[n] = {static_cast<double>(logits[i]), static_cast<int>(i)};
    n += logits[i] != impossible;
  }
  scratch.unordered.resize(n);
  distribute();
}

Descending::Descending(Scratch& scratch) : scratch_(&scratch) { distribute(); }

void Descending::distribute() {
  const auto& from = scratch_->unordered;
  auto& ends = scratch_->buckets;
  scratch_->order.resize(from.size());
  ends.assign(n_buckets, 0);
  if (from.empty()) return;
  double least = from[0].key, most = from[0].key;
  for (const Candidate& c : from) {
    least = std::min(least, c.key);
    most = std::max(most, c.key);
  }
  // Halves keep a difference of two huge keys finite.
  const double range = most * 0.5 - least * 0.5;
  const double scale = range > 0 ? (static_cast<double>(n_buckets) - 1) / range : 0.0;
  const auto bucket_of = [&](double key) {
    const double place = (most * 0.5 - key * 0.5) * scale;
    return std::min(n_buckets - 1, static_cast<std::size_t>(place < 4096.0 ? place : 4095.0));
  };
  for (const Candidate& c : from) ++ends[bucket_of(c.key)];
  std::uint32_t begin = 0;
  for (std::uint32_t& end : ends) {
    const std::uint32_t count = end;
    end = begin;
    begin += count;
  }
  for (const Candidate& c : from) scratch_->order[ends[bucket_of(c.key)]++] = c;
}

void Descending::sort_next() {
  const auto begin = scratch_->order.begin();
  const std::size_t end = scratch_->buckets[bucket_++];
  std::sort(begin + static_cast<std::ptrdiff_t>(sorted_), begin + static_cast<std::ptrdiff_t>(end),
            comes_first);
  sorted_ = end;
}

}  // namespace kelvin
