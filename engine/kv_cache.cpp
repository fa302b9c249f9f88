#include "engine/kv_cache.h"

#include <algorithm>

namespace kelvin {

KvCache::KvCache(const KvShape& shape)
    : shape_(shape),
      keys_size_(static_cast<std::size_t>(attention_span) * shape.head_dim),
      values_size_(static_cast<std::size_t>(attention_span) * padded_to_lanes(shape.head_dim)) {}

void KvCache::reserve(int positions) {
  const std::size_t wanted = (static_cast<std::size_t>(positions) + attention_span - 1) / attention_span;
  const std::size_t floats = (keys_size_ + values_size_) * shape_.layers * shape_.kv_heads;
  while (blocks_.size() < wanted) blocks_.emplace_back(floats * sizeof(float));
}

void KvCache::store(int layer, int head, int position, const float* key, const float* value) {
  const int block = position / attention_span, slot = position % attention_span;
  float* panel =
      keys(layer, head, block) + static_cast<std::size_t>(slot / key_panel) * shape_.head_dim * key_panel;
  for (int d = 0; d < shape_.head_dim; ++d) panel[d * key_panel + slot % key_panel] = key[d];
  float* row = values(layer, head, block) + static_cast<std::size_t>(slot) * padded_to_lanes(shape_.head_dim);
  std::copy(value, value + shape_.head_dim, row);
}

std::size_t KvCache::bytes() const {
  std::size_t sum = 0;
  for (const AlignedBuffer& block : blocks_) sum += block.size();
  return sum;
}

}  // namespace kelvin
