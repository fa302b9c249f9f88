#include "loaders/convert.h"

#include <cstdint>
#include <cstring>

#include "engine/half.h"

namespace kelvin {
namespace {

template <class Bits, class Result, class Function>
void convert_each(const std::byte* from, std::size_t count, void* to, Function function) {
  Result* const results = static_cast<Result*>(to);
  for (std::size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, from + i * sizeof bits, sizeof bits);
    results[i] = function(bits);
  }
}

}  // namespace

bool is_weight_dtype(Dtype dtype) {
  return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16;
}

bool same_format(Dtype dtype, Storage storage) {
  return (dtype == Dtype::f32 && storage == Storage::f32) ||
         (dtype == Dtype::bf16 && storage == Storage::bf16);
}

void convert(Dtype dtype, const std::byte* from, std::size_t count, Storage storage, void* to) {
  using Half = std::uint16_t;
  if (same_format(dtype, storage)) {
    if (count > 0) std::memcpy(to, from, count * bytes_per_element(storage));
  } else if (dtype == Dtype::bf16) {
    convert_each<Half, float>(from, count, to, bf16_to_f32);
  } else if (dtype == Dtype::f32) {
    convert_each<float, Half>(from, count, to, f32_to_bf16);
  } else if (storage == Storage::f32) {
    convert_each<Half, float>(from, count, to, f16_to_f32);
  } else {
    convert_each<Half, Half>(from, count, to, [](Half bits) { return f32_to_bf16(f16_to_f32(bits)); });
  }
}

}  // namespace kelvin
