// How every token of a vocabulary fares over many contexts: its mean log-probability, and how often it stands
// at the very end, where a temperature of -0 would draw it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/lab/glitch/glitch_score.h"

namespace kelvin {

struct TailSums {
  std::size_t contexts = 0;
  std::vector<double> log_probability;         // (vocabulary,) sums over contexts, in nats
  std::vector<std::uint32_t> in_tail, at_end;  // (vocabulary,) contexts in which it stood there

  TailSums& operator+=(const TailSums& other);
  std::vector<TailFacts> facts() const;  // (vocabulary,); empty if there was no context
  std::size_t different_last() const;    // tokens that stood at the end at least once
};

class TailCounter {
 public:
  // `tail`: how many of the least likely tokens count as the tail. Goes on from `before`, if that has any contexts.
  TailCounter(int vocabulary, int tail, TailSums before = {});

  // logits: (vocabulary,) of one context, finite or -inf. An impossible token is among the tail, and counts
  // with ln p = -100.
  void add(std::span<const float> logits);
  const TailSums& sums() const { return sums_; }

 private:
  std::size_t tail_;
  TailSums sums_;
  std::vector<float> order_;
};

}  // namespace kelvin
