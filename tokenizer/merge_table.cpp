#include "tokenizer/merge_table.h"

namespace kelvin {

MergeTable::MergeTable(const std::vector<BpeMerge>& merges, const std::vector<std::uint32_t>& ranks) {
  std::size_t size = 16;
  while (size * 2 < merges.size() * 3) size *= 2;
  slots_.resize(size);
  mask_ = size - 1;
  constexpr std::size_t ahead = 16;  // memory for later rows is on its way
  for (std::size_t i = 0; i < merges.size(); ++i) {
    if (i + ahead < merges.size())
      __builtin_prefetch(&slots_[mix_bits(key_of(merges[i + ahead].left, merges[i + ahead].right)) & mask_]);
    const std::uint64_t key = key_of(merges[i].left, merges[i].right);
    std::size_t slot = mix_bits(key) & mask_;
    while (slots_[slot].key != free_key && slots_[slot].key != key) slot = (slot + 1) & mask_;
    slots_[slot] = {key, {ranks.empty() ? static_cast<std::uint32_t>(i) : ranks[i], merges[i].merged}};
  }
}

}  // namespace kelvin
