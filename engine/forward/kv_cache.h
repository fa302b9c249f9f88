// Keys and values of one sequence, in spans of 256 positions laid out as the attention kernel reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/forward/kv_storage.h"
#include "engine/kernels/kernels.h"
#include "engine/weights/aligned_buffer.h"

namespace kelvin {
struct MemoryChoice;
}

namespace kelvin::engine {

class KvCache {
 public:
  KvCache() = default;
  explicit KvCache(const KvShape& shape);
  KvCache copy() const;  // throws std::bad_alloc

  // Makes room for `positions` tokens; what is stored stays. Throws OutOfMemory where the machine does
  // not have it, which says what kind of cache or how many positions it has room for.
  void reserve(int positions);

  // Keys and values of positions [block * attention_span, ...); the values' padding stays zero.
  kernels::KvSpan block(int layer, int head, int block) const;

  // Stores one head's key and value, each of shape (head_dim,).
  void store(int layer, int head, int position, const float* key, const float* value);

  std::size_t bytes() const;  // reserved
  // What reserving `positions` takes in all.
  static std::size_t bytes_for(const KvShape& shape, int positions);

 private:
  // Of one layer and head in one block: key scales, value scales, keys, values; offsets in bytes.
  struct Layout {
    std::size_t value_scales = 0, keys = 0, values = 0, size = 0;
  };
  static Layout layout(const KvShape& shape);
  // Instead of `positions` as they are, with what is held now given back.
  std::vector<MemoryChoice> smaller_choices(int positions, std::uint64_t available) const;

  KvShape shape_;
  Layout layout_;
  std::vector<AlignedBuffer> blocks_;
};

}  // namespace kelvin::engine
