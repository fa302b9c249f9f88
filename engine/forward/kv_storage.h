// How the KV cache stores keys and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

// f16 rounds to nearest even and saturates at +-65504; q8 keeps a byte for each number and one float32 scale
// for kv_group dimensions of a head.
enum class KvStorage : std::uint8_t { f32, f16, q8 };
constexpr KvStorage kv_storages[] = {KvStorage::f32, KvStorage::f16, KvStorage::q8};

// Keys and values of one sequence.
struct KvShape {
  int layers = 0;
  int kv_heads = 0;
  int head_dim = 0;
  KvStorage storage = KvStorage::f32;
};

const char* name_of(KvStorage storage);
std::optional<KvStorage> kv_storage_named(std::string_view name);

}  // namespace kelvin
