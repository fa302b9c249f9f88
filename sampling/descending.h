// Candidates in descending order, sorted only as far as somebody looks.
#pragma once

#include <cstddef>
#include <span>

#include "sampling/stage.h"

namespace kelvin {

// Descending by key, equal keys by ascending id. The buffers are those of `scratch`, so only one order may be
// in use at a time.
class Descending {
 public:
  // Of all possible tokens, by their logits, shape (vocabulary,).
  Descending(std::span<const float> logits, Scratch& scratch);
  // Of scratch.unordered, whose keys are finite.
  explicit Descending(Scratch& scratch);

  std::size_t size() const { return scratch_->unordered.size(); }
  const Candidate& operator[](std::size_t rank) {
    if (!distributed_) distribute();
    while (rank >= sorted_) sort_next();
    return scratch_->order[rank];
  }
  // The candidates from `rank` on, as a set: their order is not final. Nothing below `rank` may be asked for
  // afterwards.
  std::span<const Candidate> from(std::size_t rank);
  // All of them, in order; to be asked before anything else.
  std::span<const Candidate> all();

  // The shortest prefix whose weights, shape (vocabulary,) by id, add up to `wanted` or more, at least one;
  // all candidates if there is none. Sorts no more than the bucket in which that is reached, so after it only
  // from() and higher ranks have an answer. To be asked before anything else; uses scratch.ranked.
  struct Prefix {
    std::size_t length;
    double sum;
  };
  Prefix prefix_holding(double wanted, std::span<const double> weights);

 private:
  void distribute();
  void sort_next();
  Scratch* scratch_;
  bool distributed_ = false;
  std::size_t sorted_ = 0;  // candidates before this one stand in their final places
  std::size_t bucket_ = 0;  // the next to sort
};

}  // namespace kelvin
