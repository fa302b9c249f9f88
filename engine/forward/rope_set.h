// The rotations of a model's layers taken together: a layer has one of them, or none.
#pragma once

#include <span>
#include <vector>

#include "engine/forward/rope.h"

namespace kelvin::engine {

class RopeSet {
 public:
  // Inverse frequencies of all ropes, one after the other: (pairs,).
  using Frequencies = std::vector<float>;

  // Throws std::invalid_argument as Rope does.
  explicit RopeSet(std::span<const RopeSpec> specs);

  const Rope& operator[](int index) const { return ropes_[static_cast<std::size_t>(index)]; }
  int pairs() const { return pairs_; }  // of all ropes
  // Where those of one rope begin.
  int first_pair(int index) const { return first_pairs_[static_cast<std::size_t>(index)]; }

  // As of Rope; lengths with one frequency set share the frequencies of every rope.
  int frequency_set(int length) const;
  int last_length(int length) const;
  Frequencies frequencies(int set) const;
  void angles(const Frequencies& frequencies, int position,
              float* cosines,       // (pairs,)
              float* sines) const;  // (pairs,)

 private:
  std::vector<Rope> ropes_;
  std::vector<int> first_pairs_;
  int pairs_ = 0;
};

}  // namespace kelvin::engine
