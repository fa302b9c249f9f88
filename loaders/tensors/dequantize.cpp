#include "loaders/tensors/dequantize.h"

#include <cstdint>
#include <stdexcept>

#include "engine/weights/half.h"

namespace kelvin {
namespace {

using Byte = std::uint8_t;

float half_at(const Byte* at) { return engine::f16_to_f32(static_cast<std::uint16_t>(at[0] | at[1] << 8)); }

// Blocks of 32. The first byte's low nibble is number 0, its high nibble number 16.

void q4_0(const Byte* block, float* to) {
  const float scale = half_at(block);
  for (int i = 0; i < 16; ++i) {
    const int byte = block[2 + i];
    to[i] = scale * static_cast<float>((byte & 15) - 8);
    to[i + 16] = scale * static_cast<float>((byte >> 4) - 8);
  }
}

void q4_1(const Byte* block, float* to) {
  const float scale = half_at(block), min = half_at(block + 2);
  for (int i = 0; i < 16; ++i) {
    const int byte = block[4 + i];
    to[i] = scale * static_cast<float>(byte & 15) + min;
    to[i + 16] = scale * static_cast<float>(byte >> 4) + min;
  }
}

// The fifth bit of number i of a block of 32, as 0 or 16.
int fifth_bit(const Byte* high, int i) { return (high[i / 8] >> (i % 8) & 1) << 4; }

void q5_0(const Byte* block, float* to) {
  const float scale = half_at(block);
  const Byte *high = block + 2, *low = block + 6;
  for (int i = 0; i < 16; ++i) {
    to[i] = scale * static_cast<float>((low[i] & 15) + fifth_bit(high, i) - 16);
    to[i + 16] = scale * static_cast<float>((low[i] >> 4) + fifth_bit(high, i + 16) - 16);
  }
}

void q5_1(const Byte* block, float* to) {
  const float scale = half_at(block), min = half_at(block + 2);
  const Byte *high = block + 4, *low = block + 8;
  for (int i = 0; i < 16; ++i) {
    to[i] = scale * static_cast<float>((low[i] & 15) + fifth_bit(high, i)) + min;
    to[i + 16] = scale * static_cast<float>((low[i] >> 4) + fifth_bit(high, i + 16)) + min;
  }
}

void q8_0(const Byte* block, float* to) {
  const float scale = half_at(block);
  for (int i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
}

// Blocks of 256. Scale times sub-scale has at most 19 bits, so products below are rounded at most once.

void q2_k(const Byte* block, float* to) {
  const Byte *scales = block, *codes = block + 16;
  const float scale = half_at(block + 80), step = half_at(block + 82);
  for (int i = 0; i < 256; ++i) {
    const int code = codes[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3, sub = scales[i / 16];
    to[i] =
        scale * static_cast<float>(sub & 15) * static_cast<float>(code) - step * static_cast<float>(sub >> 4);
  }
}

void q3_k(const Byte* block, float* to) {
  const Byte *high = block, *low = block + 32, *scales = block + 96;
  const float scale = half_at(block + 108);
  for (int part = 0; part < 16; ++part) {
    const int low_bits = scales[part % 8] >> (part / 8 * 4) & 15;
    const int high_bits = scales[8 + part % 4] >> (part / 4 * 2) & 3;
    const float sub = scale * static_cast<float>((low_bits | high_bits << 4) - 32);
    for (int i = part * 16; i < part * 16 + 16; ++i) {
      const int code = low[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
      const int above = high[i % 32] >> (i / 32) & 1;  // a set bit leaves the code as it is
      to[i] = sub * static_cast<float>(above ? code : code - 4);
    }
  }
}

// Sub-scale and sub-minimum `part` (0 to 7) of Q4_K and Q5_K: 6 bits each, in 12 bytes.
struct SubScale {
  int scale, min;
};
SubScale sub_scale(const Byte* packed, int part) {
  if (part < 4) return {packed[part] & 63, packed[part + 4] & 63};
  return {(packed[part + 4] & 15) | (packed[part - 4] >> 6) << 4,
          (packed[part + 4] >> 4) | (packed[part] >> 6) << 4};
}

void q4_k(const Byte* block, float* to) {
  const float scale = half_at(block), step = half_at(block + 2);
  const Byte *packed = block + 4, *codes = block + 16;
  for (int part = 0; part < 8; ++part) {
    const SubScale sub = sub_scale(packed, part);
    const float by = scale * static_cast<float>(sub.scale), min = step * static_cast<float>(sub.min);
    const Byte* const from = codes + part / 2 * 32;
    const int shift = part % 2 * 4;
    for (int i = 0; i < 32; ++i) to[part * 32 + i] = by * static_cast<float>(from[i] >> shift & 15) - min;
  }
}

void q5_k(const Byte* block, float* to) {
  const float scale = half_at(block), step = half_at(block + 2);
  const Byte *packed = block + 4, *high = block + 16, *codes = block + 48;
  for (int part = 0; part < 8; ++part) {
    const SubScale sub = sub_scale(packed, part);
    const float by = scale * static_cast<float>(sub.scale), min = step * static_cast<float>(sub.min);
    const Byte* const from = codes + part / 2 * 32;
    const int shift = part % 2 * 4;
    for (int i = 0; i < 32; ++i)
      to[part * 32 + i] = by * static_cast<float>((from[i] >> shift & 15) | (high[i] >> part & 1) << 4) - min;
  }
}

void q6_k(const Byte* block, float* to) {
  const Byte *low = block, *high = block + 128, *scales = block + 192;
  const float scale = half_at(block + 208);
  for (int part = 0; part < 16; ++part) {
    const float sub = scale * static_cast<float>(static_cast<std::int8_t>(scales[part]));
    // Of each 128 numbers the first 64 have the low nibbles, the other 64 the high ones.
    const int half = part / 8, quarter = part / 2 % 4, begin = part % 2 * 16;
    const Byte* const nibbles = low + half * 64 + quarter % 2 * 32 + begin;
    const Byte* const pairs = high + half * 32 + begin;
    for (int i = 0; i < 16; ++i) {
      const int code = (nibbles[i] >> (quarter / 2 * 4) & 15) | (pairs[i] >> (quarter * 2) & 3) << 4;
      to[part * 16 + i] = sub * static_cast<float>(code - 32);
    }
  }
}

using BlockFunction = void (*)(const Byte* block, float* to);

struct Format {
  Dtype dtype;
  BlockFunction function;
};
constexpr Format formats[] = {
    {Dtype::q4_0, q4_0}, {Dtype::q4_1, q4_1}, {Dtype::q5_0, q5_0}, {Dtype::q5_1, q5_1}, {Dtype::q8_0, q8_0},
    {Dtype::q2_k, q2_k}, {Dtype::q3_k, q3_k}, {Dtype::q4_k, q4_k}, {Dtype::q5_k, q5_k}, {Dtype::q6_k, q6_k}};

BlockFunction function_of(Dtype dtype) {
  for (const Format& format : formats)
    if (format.dtype == dtype) return format.function;
  return nullptr;
}

}  // namespace

bool is_quantized(Dtype dtype) { return function_of(dtype) != nullptr; }

void dequantize(Dtype dtype, const std::byte* from, std::size_t count, float* to) {
  const BlockFunction block = function_of(dtype);
  if (!block) throw std::invalid_argument("a quantised format expected");
  const DtypeInfo& info = dtype_info(dtype);
  const auto* at = reinterpret_cast<const Byte*>(from);
  for (std::size_t done = 0; done < count; done += info.elements, at += info.bits / 8) block(at, to + done);
}

}  // namespace kelvin
