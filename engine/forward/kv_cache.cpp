#include "engine/forward/kv_cache.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/platform/available_memory.h"
#include "engine/weights/half.h"

namespace kelvin::engine {
namespace {

using kernels::Float16, kernels::KvSpan, kernels::attention_span, kernels::key_panel, kernels::kv_group,
    kernels::padded_to_lanes;

std::size_t bytes_per_number(KvStorage storage) {
  switch (storage) {
    case KvStorage::f32:
      return sizeof(float);
    case KvStorage::f16:
      return sizeof(Float16);
    case KvStorage::q8:
      return sizeof(std::int8_t);
  }
  return 0;
}

float stored_as(const float& value, float*) { return value; }

// Only what is not finite already may become infinite.
Float16 stored_as(const float& value, Float16*) {
  constexpr float max = 65504.0f;
  const float held =
      std::abs(value) <= std::numeric_limits<float>::max() ? std::clamp(value, -max, max) : value;
  return static_cast<Float16>(f32_to_f16(held));
}

// Numbers of one head, `stride` elements apart in the cache.
template <class Element>
void store_numbers(const float* from, int n, void* to, std::size_t stride) {
  Element* at = static_cast<Element*>(to);
  for (int d = 0; d < n; ++d) at[static_cast<std::size_t>(d) * stride] = stored_as(from[d], at);
}

// Codes in [-127, 127]: the largest number of each group of dimensions gets 127. A group that holds NaN or
// infinity becomes NaN; one without a number above 2^-100 becomes 0.
void store_codes(const float* from, int n, std::int8_t* to, std::size_t stride, float* scales) {
  for (int first = 0; first < n; first += kv_group, scales += attention_span) {
    const int last = std::min(n, first + kv_group);
    float largest = 0.0f;
    bool finite = true;
    for (int d = first; d < last; ++d) {
      const float size = std::abs(from[d]);
      finite &= size <= std::numeric_limits<float>::max();
      largest = size > largest ? size : largest;
    }
    const bool usable = finite && largest >= 0x1p-100f;
    *scales = usable ? largest / 127.0f : finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    const float inverse = usable ? 127.0f / largest : 0.0f;
    for (int d = first; d < last; ++d) {
      // Adding 1.5 x 2^23 rounds to nearest even.
      const float code = usable ? (from[d] * inverse + 0x1.8p+23f) - 0x1.8p+23f : 0.0f;
      to[static_cast<std::size_t>(d) * stride] = static_cast<std::int8_t>(code);
    }
  }
}

}  // namespace

KvCache::Layout KvCache::layout(const KvShape& shape) {
  const std::size_t span = static_cast<std::size_t>(attention_span), number = bytes_per_number(shape.storage);
  const bool scaled = shape.storage == KvStorage::q8;
  const int groups = scaled ? (shape.head_dim + kv_group - 1) / kv_group : 0;
  Layout layout;
  layout.value_scales = span * groups * sizeof(float);
  layout.keys = 2 * layout.value_scales;
  layout.values = layout.keys + span * shape.head_dim * number;
  layout.size = layout.values + span * padded_to_lanes(shape.head_dim) * number;
  return layout;
}

KvCache::KvCache(const KvShape& shape) : shape_(shape), layout_(layout(shape)) {}

std::size_t KvCache::bytes_for(const KvShape& shape, int positions) {
  const std::size_t blocks = (static_cast<std::size_t>(positions) + attention_span - 1) / attention_span;
  return blocks * layout(shape).size * shape.layers * shape.kv_heads;
}

KvCache KvCache::copy() const {
  KvCache same(shape_);
  for (const AlignedBuffer& block : blocks_) same.blocks_.push_back(block.copy());
  return same;
}

std::vector<MemoryChoice> KvCache::smaller_choices(int positions, std::uint64_t available) const {
  std::vector<MemoryChoice> choices;
  const auto more = [&](std::size_t needed) { return needed - std::min(needed, bytes()); };
  KvShape other = shape_;
  for (const KvStorage storage : kv_storages) {
    other.storage = storage;
    if (bytes_for(other, positions) < bytes_for(shape_, positions))
      choices.push_back({std::string("--kv ") + name_of(storage), more(bytes_for(other, positions))});
  }
  const std::size_t span = bytes_for(shape_, 1);
  const std::size_t spans = std::max<std::size_t>(1, blocks_.size() + available / span);
  if (spans * attention_span < static_cast<std::size_t>(positions))
    choices.push_back({"--ctx " + std::to_string(spans * attention_span), more(spans * span)});
  return choices;
}

void KvCache::reserve(int positions) {
  const std::size_t wanted = (static_cast<std::size_t>(positions) + attention_span - 1) / attention_span;
  if (wanted <= blocks_.size()) return;
  const std::string first = std::to_string(blocks_.size() * attention_span);
  require_memory((wanted - blocks_.size()) * bytes_for(shape_, 1),
                 "keys and values of positions " + first + " to " + std::to_string(positions - 1),
                 [&](std::uint64_t available) { return smaller_choices(positions, available); });
  while (blocks_.size() < wanted) blocks_.emplace_back(bytes_for(shape_, 1));
}

KvSpan KvCache::block(int layer, int head, int block) const {
  const std::size_t index = static_cast<std::size_t>(layer) * shape_.kv_heads + head;
  const std::byte* at = blocks_[static_cast<std::size_t>(block)].data() + index * layout_.size;
  return {at + layout_.keys, at + layout_.values, reinterpret_cast<const float*>(at),
          reinterpret_cast<const float*>(at + layout_.value_scales)};
}

void KvCache::store(int layer, int head, int position, const float* key, const float* value) {
  const std::size_t slot = static_cast<std::size_t>(position % attention_span);
  const std::size_t index = static_cast<std::size_t>(layer) * shape_.kv_heads + head;
  const std::size_t number = bytes_per_number(shape_.storage), n = static_cast<std::size_t>(shape_.head_dim);
  std::byte* at = blocks_[static_cast<std::size_t>(position / attention_span)].data() + index * layout_.size;
  std::byte* keys = at + layout_.keys + (slot / key_panel * n * key_panel + slot % key_panel) * number;
  std::byte* values = at + layout_.values + slot * padded_to_lanes(shape_.head_dim) * number;
  switch (shape_.storage) {
    case KvStorage::f32:
      store_numbers<float>(key, shape_.head_dim, keys, key_panel);
      store_numbers<float>(value, shape_.head_dim, values, 1);
      break;
    case KvStorage::f16:
      store_numbers<Float16>(key, shape_.head_dim, keys, key_panel);
      store_numbers<Float16>(value, shape_.head_dim, values, 1);
      break;
    case KvStorage::q8:
      store_codes(key, shape_.head_dim, reinterpret_cast<std::int8_t*>(keys), key_panel,
                  reinterpret_cast<float*>(at) + slot);
      store_codes(value, shape_.head_dim, reinterpret_cast<std::int8_t*>(values), 1,
                  reinterpret_cast<float*>(at + layout_.value_scales) + slot);
      break;
  }
}

std::size_t KvCache::bytes() const {
  std::size_t sum = 0;
  for (const AlignedBuffer& block : blocks_) sum += block.size();
  return sum;
}

}  // namespace kelvin::engine
