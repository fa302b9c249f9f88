// Keys and values of one sequence in float32, in blocks of attention_span positions laid out as the attention
// kernel reads them.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/tensor.h"

namespace kelvin {

struct KvShape {
  int layers = 0;
  int kv_heads = 0;
  int head_dim = 0;
};

class KvCache {
 public:
  KvCache() = default;
  explicit KvCache(const KvShape& shape);

  // Makes room for `positions` tokens; what is stored stays. Throws std::bad_alloc.
  void reserve(int positions);

  // Keys of positions [block * attention_span, ...): (attention_span / key_panel, head_dim, key_panel).
  float* keys(int layer, int head, int block) { return at(layer, head, block); }
  // Values: (attention_span, padded_to_lanes(head_dim)); the padding stays zero.
  float* values(int layer, int head, int block) { return at(layer, head, block) + keys_size_; }

  // Stores one head's key and value, each of shape (head_dim,).
  void store(int layer, int head, int position, const float* key, const float* value);

  std::size_t bytes() const;  // reserved

 private:
  float* at(int layer, int head, int block) {
    const std::size_t index = static_cast<std::size_t>(layer) * shape_.kv_heads + head;
    return blocks_[static_cast<std::size_t>(block)].floats() + index * (keys_size_ + values_size_);
  }

  KvShape shape_;
  std::size_t keys_size_ = 0, values_size_ = 0;  // floats of one layer and head in one block
  std::vector<AlignedBuffer> blocks_;
};

}  // namespace kelvin
