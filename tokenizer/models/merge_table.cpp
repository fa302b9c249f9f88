#include "tokenizer/models/merge_table.h"

#include <utility>

namespace kelvin::tokenizer {

MergeTable::MergeTable(std::vector<BpeMerge> merges, std::vector<std::uint32_t> ranks)
    : merges_(std::move(merges)), ranks_(std::move(ranks)), slots_(merges_.size()) {
  const auto merge = [&](std::int32_t i) { return merges_[static_cast<std::size_t>(i)]; };
  fill_slots(
      slots_, static_cast<std::int32_t>(merges_.size()),
      [&](std::int32_t i) { return std::optional(hash_of(merge(i).left, merge(i).right)); },
      [&](std::int32_t i, std::uint64_t hash) {
        slots_.put(hash, i, [&](std::int32_t other) {
          return merge(other).left == merge(i).left && merge(other).right == merge(i).right;
        }) = i;
      });
}

}  // namespace kelvin::tokenizer
