#include "sampling/descending.h"

#include <algorithm>
#include <cmath>

#include "sampling/logits.h"

namespace kelvin {

namespace {

// Equal-width buckets between the smallest and the largest key: with the keys of real logits each holds a
// handful.
constexpr std::size_t most_buckets = 16384;

}  // namespace

Descending::Descending(std::span<const float> logits, Scratch& scratch) : scratch_(&scratch) {
  scratch.unordered.resize(logits.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    scratch.unordered[n] = {logits[i], static_cast<int>(i)};
    n += logits[i] != impossible;
  }
  scratch.unordered.resize(n);
  distribute();
}

Descending::Descending(Scratch& scratch) : scratch_(&scratch) { distribute(); }

// A counting sort by bucket; from then on buckets[b] is where bucket b ends.
void Descending::distribute() {
  const auto& from = scratch_->unordered;
  auto& ends = scratch_->buckets;
  scratch_->order.resize(from.size());
  const std::size_t n_buckets = std::clamp<std::size_t>(from.size() / 4, 1, most_buckets);
  ends.assign(n_buckets, 0);
  if (from.empty()) return;
  float least = from[0].key, most = from[0].key;
  for (const Candidate& c : from) {
    least = c.key < least ? c.key : least;
    most = c.key > most ? c.key : most;
  }
  const double range = static_cast<double>(most) - static_cast<double>(least);
  const double scale = range > 0 ? static_cast<double>(n_buckets) / range : 0.0;
  auto& places = scratch_->ids;
  places.resize(from.size());
  const int last = static_cast<int>(n_buckets) - 1;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const int place =
        static_cast<int>((static_cast<double>(most) - static_cast<double>(from[i].key)) * scale);
    places[i] = place < last ? place : last;
  }
  for (const int place : places) ++ends[static_cast<std::size_t>(place)];
  std::uint32_t begin = 0;
  for (std::uint32_t& end : ends) {
    const std::uint32_t count = end;
    end = begin;
    begin += count;
  }
  for (std::size_t i = 0; i < from.size(); ++i)
    scratch_->order[ends[static_cast<std::size_t>(places[i])]++] = from[i];
}

void Descending::sort_next() {
  const auto begin = scratch_->order.begin();
  const std::size_t end = scratch_->buckets[bucket_++];
  std::sort(
      begin + static_cast<std::ptrdiff_t>(sorted_), begin + static_cast<std::ptrdiff_t>(end),
      [](const Candidate& a, const Candidate& b) { return a.key != b.key ? a.key > b.key : a.id < b.id; });
  sorted_ = end;
}

Descending::Prefix Descending::prefix_holding(double wanted, std::span<const double> weights) {
  const auto& order = scratch_->order;
  const auto weight = [&](std::size_t rank) { return weights[static_cast<std::size_t>(order[rank].id)]; };
  Prefix prefix{0, 0};
  for (; bucket_ < scratch_->buckets.size(); ++bucket_) {
    const std::size_t end = scratch_->buckets[bucket_];
    double within = 0;
    for (std::size_t i = sorted_; i < end; ++i) within += weight(i);
    if (prefix.sum + within >= wanted) break;
    prefix.sum += within;
    sorted_ = end;
  }
  prefix.length = sorted_;
  while (prefix.length < order.size() && (prefix.sum < wanted || prefix.length == 0)) {
    (*this)[prefix.length];
    prefix.sum += weight(prefix.length++);
  }
  return prefix;
}

}  // namespace kelvin
