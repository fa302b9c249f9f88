// Which pairs of tokens merge, how early, and into what: a flat hash table over the list of merges.
#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/models/hash.h"
#include "tokenizer/models/hash_slots.h"
#include "tokenizer/models/model_spec.h"

namespace kelvin::tokenizer {

struct MergeRule {
  std::uint32_t rank;  // lower merges first
  int merged;
};

class MergeTable {
 public:
  static constexpr std::uint32_t no_rank = 0xFFFFFFFF;

  MergeTable() = default;
  // Of equal pairs the last counts. `ranks`: by merge, or empty for their order.
  explicit MergeTable(std::vector<BpeMerge> merges, std::vector<std::uint32_t> ranks = {});

  // {no_rank, -1} if the two do not merge.
  MergeRule find(int left, int right) const {
    const std::int32_t i = slots_.find(hash_of(left, right), [&](std::int32_t at) {
      const BpeMerge& merge = merges_[static_cast<std::size_t>(at)];
      return merge.left == left && merge.right == right;
    });
    if (i == HashSlots::none) return {no_rank, -1};
    return {rank(i), merges_[static_cast<std::size_t>(i)].merged};
  }

  const std::vector<BpeMerge>& merges() const { return merges_; }

 private:
  static std::uint64_t hash_of(int left, int right) {
    return mix_bits(static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
                    static_cast<std::uint32_t>(right));
  }
  std::uint32_t rank(std::int32_t i) const {
    return ranks_.empty() ? static_cast<std::uint32_t>(i) : ranks_[static_cast<std::size_t>(i)];
  }

  std::vector<BpeMerge> merges_;
  std::vector<std::uint32_t> ranks_;
  HashSlots slots_;
};

}  // namespace kelvin::tokenizer
