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

  std::size_t size() const { return scratch_->order.size(); }
  const Candidate& operator[](std::size_t rank) {
    while (rank >= sorted_) sort_next();
    return scratch_->order[rank];
  }
  // The candidates from `rank` on, as a set: their order is not final.
  std::span<const Candidate> from(std::size_t rank) {
    if (rank > 0) (*this)[rank - 1];
    return std::span<const Candidate>(scratch_->order).subspan(rank);
  }
  // All of them, in order.
  std::span<const Candidate> all() {
    if (size() > 0) (*this)[size() - 1];
    return scratch_->order;
  }

  // The shortest prefix whose weights, shape (vocabulary,) by id, add up to `wanted` or more, at least one;
  // all candidates if there is none. Sorts no more than the bucket in which that is reached, so after it only
  // from() and higher ranks have an answer.
  struct Prefix {
    std::size_t length;
    double sum;
  };
  Prefix prefix_holding(double wanted, std::span<const double> weights);

 private:
  void distribute();
  void sort_next();
  Scratch* scratch_;
  std::size_t sorted_ = 0;  // candidates before this one stand in their final places
  std::size_t bucket_ = 0;  // the next to sort
};

}  // namespace kelvin
