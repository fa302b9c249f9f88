#include "sampling/stages/descending.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

#include "sampling/logits.h"

namespace kelvin::sampling {

Descending::Descending(std::span<const float> keys, Scratch& scratch)
    : keys_(keys), scratch_(&scratch), size_(count_possible(keys)) {
  scratch.candidates.resize(keys.size());
  scratch.spare.resize(keys.size());
}

std::span<const Candidate> Descending::first(std::size_t count) {
  count = std::min(count, size_);
  if (count > sorted_) sort_first(count);
  return {scratch_->candidates.data(), count};
}

void Descending::sort_first(std::size_t count) {
  std::size_t found = collect(likely_border(count));
  if (found < count) found = collect(impossible);
  sort(scratch_->candidates, scratch_->spare, found);
  sorted_ = found;
}

// A key that probably somewhat more than `count` others reach, from a sample of them.
float Descending::likely_border(std::size_t count) const {
  constexpr std::size_t sample_size = 2048,
                        max_share = 8;  // of so many candidates a part is worth looking for
  if (count > size_ / max_share || keys_.size() < 2 * sample_size) return impossible;
  auto& sample = scratch_->sample;
  sample.clear();
  sample.reserve(2 * sample_size);
  const std::size_t stride = keys_.size() / sample_size;
  for (std::size_t i = 0; i < keys_.size(); i += stride) sample.push_back(keys_[i]);
  const double expected = static_cast<double>(count) / static_cast<double>(stride);
  const auto rank = static_cast<std::size_t>(expected + 4 * std::sqrt(expected) + 4);
  const auto border = sample.begin() + static_cast<std::ptrdiff_t>(std::min(rank, sample.size() - 1));
  std::nth_element(sample.begin(), border, sample.end(), std::greater<>{});
  return *border;
}

// The candidates whose keys reach `least`, unsorted; returns how many.
std::size_t Descending::collect(float min) {
  constexpr std::size_t block = 64;
  min = std::max(min, std::numeric_limits<float>::lowest());
  Candidate* const found = scratch_->candidates.data();
  std::array<std::uint32_t, block> bits;
  std::size_t n = 0;
  for (std::size_t begin = 0; begin < keys_.size(); begin += block) {
    const std::size_t length = std::min(block, keys_.size() - begin);
    const float* const key = keys_.data() + begin;
    if (largest({key, length}) < min) continue;
    for (std::size_t i = 0; i < length; ++i) bits[i] = Candidate::rank_bits(key[i]);
    for (std::size_t i = 0; i < length; ++i) {
      found[n] = Candidate::of_rank_bits(bits[i], static_cast<int>(begin + i));
      n += key[i] >= min;
    }
  }
  return n;
}

Candidate last_of(double count, std::span<const float> keys, Scratch& scratch) {
  if (count <= 1) {
    const float top = largest(keys);
    return {top, static_cast<int>(first_of(keys, top))};
  }
  const double max = static_cast<double>(keys.size());
  return Descending(keys, scratch).first(static_cast<std::size_t>(std::min(count, max))).back();
}

void remove_after(std::span<float> logits, std::span<const float> keys, Candidate last) {
  const float border = last.key();
  const std::size_t next = std::min(static_cast<std::size_t>(last.id()) + 1, logits.size());
  for (std::size_t i = 0; i < next; ++i) logits[i] = keys[i] < border ? impossible : logits[i];
  for (std::size_t i = next; i < logits.size(); ++i) logits[i] = keys[i] <= border ? impossible : logits[i];
}

void remove_below_keeping(std::span<float> logits, double cut, double keep, Scratch& scratch) {
  remove_below(logits, std::min(cut, static_cast<double>(last_of(keep, logits, scratch).key())));
}

}  // namespace kelvin::sampling
