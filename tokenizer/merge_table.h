// Which pairs of tokens merge, how early, and into what: a flat hash table.
#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/hash.h"
#include "tokenizer/spec.h"

namespace kelvin {

struct MergeRule {
  std::uint32_t rank;  // lower merges first
  int merged;
};

class MergeTable {
 public:
  static constexpr std::uint32_t no_rank = 0xFFFFFFFF;

  MergeTable() : MergeTable(std::vector<BpeMerge>{}) {}
  // Of equal pairs the last counts. `ranks`: by merge, or empty for their order.
  explicit MergeTable(const std::vector<BpeMerge>& merges, const std::vector<std::uint32_t>& ranks = {});

  // {no_rank, -1} if the two do not merge.
  MergeRule find(int left, int right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t slot = mix_bits(key) & mask_;; slot = (slot + 1) & mask_) {
      if (slots_[slot].key == key) return slots_[slot].rule;
      if (slots_[slot].key == free_key) return {no_rank, -1};
    }
  }

 private:
  static constexpr std::uint64_t free_key = ~std::uint64_t{0};
  static std::uint64_t key_of(int left, int right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }
  struct Slot {
    std::uint64_t key = free_key;
    MergeRule rule{no_rank, -1};
  };
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace kelvin
