#include "loaders/tensors/convert.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/weights/half.h"
#include "loaders/tensors/dequantize.h"

namespace kelvin {
namespace {

// engine::f16_to_f32 without branches, so that compilers use vectors: several times faster over a whole model. The
// exponent of the shifted bits is 112 too small, which a multiplication corrects exactly, for subnormal
// numbers too.
float widen_f16(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, magnitude = (half & 0x7fffu) << 13;
  const std::uint32_t scaled = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  const std::uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;  // infinity and NaN
  return std::bit_cast<float>(sign | scaled | special);
}

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
  return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16 || is_quantized(dtype);
}

Storage exact_storage(Dtype dtype) { return dtype == Dtype::bf16 ? Storage::bf16 : Storage::f32; }

bool same_format(Dtype dtype, Storage storage) {
  return (dtype == Dtype::f32 && storage == Storage::f32) ||
         (dtype == Dtype::bf16 && storage == Storage::bf16);
}

void convert(Dtype dtype, const std::byte* from, std::size_t count, Storage storage, void* to) {
  using Half = std::uint16_t;
  if (same_format(dtype, storage)) {
    if (count > 0) std::memcpy(to, from, count * bytes_per_element(storage));
  } else if (dtype == Dtype::bf16) {
    convert_each<Half, float>(from, count, to, engine::bf16_to_f32);
  } else if (dtype == Dtype::f32) {
    convert_each<float, Half>(from, count, to, engine::f32_to_bf16);
  } else if (storage == Storage::f32) {
    if (dtype == Dtype::f16)
      convert_each<Half, float>(from, count, to, widen_f16);
    else
      dequantize(dtype, from, count, static_cast<float*>(to));
  } else {
    // In two steps, each of which compilers turn into vectors. A piece is whole blocks of any format.
    constexpr std::size_t piece = 1024;
    float wide[piece];
    for (std::size_t at = 0; at < count; at += piece) {
      const std::size_t n = std::min(piece, count - at);
      convert(dtype, from + stored_bytes(dtype, at), n, Storage::f32, wide);
      convert(Dtype::f32, reinterpret_cast<const std::byte*>(wide), n, Storage::bf16,
              static_cast<Half*>(to) + at);
    }
  }
}

}  // namespace kelvin
