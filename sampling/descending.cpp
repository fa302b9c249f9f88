#include "sampling/descending.h"

#include <algorithm>
#include <array>
#include <bit>

namespace kelvin {

namespace {

// Equal-width buckets between the smallest and the largest key: with the keys of real logits each holds a
// handful.
constexpr std::size_t most_buckets = 16384;

// Descending keys as ascending integers; both zeros are one.
std::uint32_t rank_bits(float key) {
  const auto bits = std::bit_cast<std::uint32_t>(key + 0.0f);
  return bits >> 31 ? bits : ~bits & 0x7fffffffu;
}

bool comes_before(const Candidate& a, const Candidate& b) {
  return a.key != b.key ? a.key > b.key : a.id < b.id;
}

// Turns counts into where each begins.
void accumulate(std::span<std::uint32_t> counts) {
  std::uint32_t begin = 0;
  for (std::uint32_t& place : counts) {
    const std::uint32_t count = place;
    place = begin;
    begin += count;
  }
}

// Sorts `n` candidates that stand in ascending order of their ids, by their keys, eleven bits at a time from
// the lowest: equal keys keep their order. Uses both arrays; the result is in the one that is returned.
Candidate* radix_sort(Candidate* from, Candidate* to, std::size_t n) {
  constexpr int digit_bits = 11, digits = 3;
  constexpr std::uint32_t values = 1u << digit_bits;
  std::array<std::array<std::uint32_t, values>, digits> place{};
  const auto digit = [](const Candidate& c, int d) {
    return rank_bits(c.key) >> (d * digit_bits) & (values - 1);
  };
  for (std::size_t i = 0; i < n; ++i)
    for (int d = 0; d < digits; ++d) ++place[static_cast<std::size_t>(d)][digit(from[i], d)];
  for (int d = 0; d < digits; ++d) {
    auto& next = place[static_cast<std::size_t>(d)];
    if (next[digit(from[0], d)] == n) continue;
    accumulate(next);
    for (std::size_t i = 0; i < n; ++i) to[next[digit(from[i], d)]++] = from[i];
    std::swap(from, to);
  }
  return from;
}

// `count` equal steps from the largest key down to the smallest.
class Steps {
 public:
  Steps(std::span<const Candidate> keys, std::size_t count) : last_(static_cast<int>(count) - 1) {
    float least = keys[0].key, most = keys[0].key;
    for (const Candidate& c : keys) {
      least = c.key < least ? c.key : least;
      most = c.key > most ? c.key : most;
    }
    top_ = static_cast<double>(most);
    const double range = top_ - static_cast<double>(least);
    scale_ = range > 0 ? static_cast<double>(count) / range : 0.0;
  }
  int operator()(float key) const {
    const int step = static_cast<int>((top_ - static_cast<double>(key)) * scale_);
    return step < last_ ? step : last_;
  }

 private:
  int last_;
  double top_, scale_;
};

// Puts right what is only a few places wrong; gives up where it is not.
bool insertion_sort(std::span<Candidate> candidates) {
  std::size_t patience = 8 * candidates.size();
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const Candidate c = candidates[i];
    std::size_t to = i;
    for (; to > 0 && comes_before(c, candidates[to - 1]); --to) candidates[to] = candidates[to - 1];
    candidates[to] = c;
    if (i - to > patience) return false;
    patience -= i - to;
  }
  return true;
}

// Sorts `from` as radix_sort does, but by the place on equal steps so fine that few keys share one: two
// digits instead of three. Refuses keys that crowd into few steps, `from` untouched. The result is in `from`.
bool sort_by_steps(std::vector<Candidate>& from, std::vector<Candidate>& to, std::vector<int>& places) {
  constexpr int digit_bits = 11;
  constexpr std::uint32_t values = 1u << digit_bits;
  const std::size_t n = from.size();
  const Steps steps(from, values * values);
  for (std::size_t i = 0; i < n; ++i) places[i] = steps(from[i].key);
  std::array<std::uint32_t, values> low{}, high{};
  for (const int place : places) {
    ++low[static_cast<std::uint32_t>(place) % values];
    ++high[static_cast<std::uint32_t>(place) / values];
  }
  if (*std::max_element(high.begin(), high.end()) > n / 16 + 64) return false;
  accumulate(low);
  accumulate(high);
  for (std::size_t i = 0; i < n; ++i) to[low[static_cast<std::uint32_t>(places[i]) % values]++] = from[i];
  for (const Candidate& c : to) from[high[static_cast<std::uint32_t>(steps(c.key)) / values]++] = c;
  if (!insertion_sort(from)) std::sort(from.begin(), from.end(), comes_before);
  return true;
}

}  // namespace

Descending::Descending(std::span<const float> logits, Scratch& scratch) : scratch_(&scratch) {
  scratch.unordered.resize(logits.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    scratch.unordered[n] = {logits[i], static_cast<int>(i)};
    n += logits[i] != impossible;
  }
  scratch.unordered.resize(n);
}

Descending::Descending(Scratch& scratch) : scratch_(&scratch) {}

// A counting sort by bucket; from then on buckets[b] is where bucket b ends.
void Descending::distribute() {
  distributed_ = true;
  const auto buckets_of = [](std::size_t n) { return std::clamp<std::size_t>(n / 4, 1, most_buckets); };
  const auto& from = scratch_->unordered;
  auto& ends = scratch_->buckets;
  auto& places = scratch_->ids;
  // For as many candidates as there may be at a later step.
  scratch_->order.reserve(from.capacity());
  places.reserve(from.capacity());
  ends.reserve(buckets_of(from.capacity()));
  scratch_->ranked.reserve(ends.capacity());
  scratch_->order.resize(from.size());
  const std::size_t n_buckets = buckets_of(from.size());
  ends.assign(n_buckets, 0);
  if (from.empty()) return;
  const Steps steps(from, n_buckets);
  places.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) places[i] = steps(from[i].key);
  for (const int place : places) ++ends[static_cast<std::size_t>(place)];
  accumulate(ends);
  for (std::size_t i = 0; i < from.size(); ++i)
    scratch_->order[ends[static_cast<std::size_t>(places[i])]++] = from[i];
}

void Descending::sort_next() {
  constexpr std::size_t few = 128;
  const std::size_t end = scratch_->buckets[bucket_++], n = end - sorted_;
  Candidate* const begin = scratch_->order.data() + sorted_;
  if (n <= few) {
    std::sort(begin, begin + n, comes_before);
  } else {
    Candidate* const spare = scratch_->unordered.data();  // in its place since distribute()
    const Candidate* const result = radix_sort(begin, spare, n);
    if (result != begin) std::copy(result, result + n, begin);
  }
  sorted_ = end;
}

std::span<const Candidate> Descending::from(std::size_t rank) {
  if (!distributed_) distribute();
  while (bucket_ < scratch_->buckets.size() && scratch_->buckets[bucket_] <= rank)
    sorted_ = std::max<std::size_t>(sorted_, scratch_->buckets[bucket_++]);
  if (rank > sorted_) sort_next();
  return std::span<const Candidate>(scratch_->order).subspan(rank);
}

std::span<const Candidate> Descending::all() {
  auto &from = scratch_->unordered, &to = scratch_->order;
  to.reserve(from.capacity());
  to.resize(from.size());
  scratch_->ids.reserve(from.capacity());
  scratch_->ids.resize(from.size());
  if (from.empty()) return to;
  if (sort_by_steps(from, to, scratch_->ids) ||
      radix_sort(from.data(), to.data(), from.size()) == from.data())
    from.swap(to);
  return to;
}

Descending::Prefix Descending::prefix_holding(double wanted, std::span<const double> weights) {
  if (!distributed_) distribute();
  // In order of ids, in which memory is fast to read.
  auto& held = scratch_->ranked;
  held.assign(scratch_->buckets.size(), 0.0);
  const auto& places = scratch_->ids;
  for (std::size_t i = 0; i < places.size(); ++i)
    held[static_cast<std::size_t>(places[i])] += weights[static_cast<std::size_t>(scratch_->unordered[i].id)];
  Prefix prefix{0, 0};
  for (; bucket_ < held.size() && prefix.sum + held[bucket_] < wanted; ++bucket_) {
    prefix.sum += held[bucket_];
    sorted_ = scratch_->buckets[bucket_];
  }
  prefix.length = sorted_;
  while (prefix.length < size() && (prefix.sum < wanted || prefix.length == 0))
    prefix.sum += weights[static_cast<std::size_t>((*this)[prefix.length++].id)];
  return prefix;
}

}  // namespace kelvin
