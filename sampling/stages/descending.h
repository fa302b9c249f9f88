// Candidates in descending order, sorted about as far as somebody looks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "sampling/stage.h"

namespace kelvin::sampling {

// Descending by key, equal keys by ascending id. The buffers are those of `scratch`, so only one order may be
// in use at a time.
class Descending {
 public:
  // keys: (vocabulary,), for instance logits; `impossible` is no candidate.
  Descending(std::span<const float> keys, Scratch& scratch);

  std::size_t size() const { return size_; }
  // The first `count` candidates; all of them where there are fewer.
  std::span<const Candidate> first(std::size_t count);
  std::span<const Candidate> all() { return first(size_); }
  const Candidate& operator[](std::size_t rank) {
    constexpr std::size_t few = 256;
    // Much further, since who asks rank by rank will ask again.
    if (rank >= sorted_) first(std::max(few, 16 * rank));
    return scratch_->candidates[rank];
  }

 private:
  void sort_first(std::size_t count);
  float likely_border(std::size_t count) const;
  std::size_t collect(float min);

  std::span<const float> keys_;
  Scratch* scratch_;
  std::size_t size_, sorted_ = 0;
};

// The candidate that `count` >= 1 leaves as its last one; the very last where there are fewer.
Candidate last_of(double count, std::span<const float> keys, Scratch& scratch);  // keys: (vocabulary,)

// Makes every token whose key, shape (vocabulary,) like the logits, comes after `last` in this order
// impossible.
void remove_after(std::span<float> logits, std::span<const float> keys, Candidate last);

// Makes tokens below `cut` impossible, but leaves at least the `keep` likeliest, and what is tied with the
// last of these.
void remove_below_keeping(std::span<float> logits, double cut, double keep, Scratch& scratch);

}  // namespace kelvin::sampling
