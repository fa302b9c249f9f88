// Activations to bytes over vectors of floats; see quantized_scalar.cpp. Included after packing_vectors.h.
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

using Codes = std::int8_t __attribute__((vector_size(int_lanes)));

inline std::int32_t largest_lane(Ints x) {
  std::int32_t lane[int_lanes];
  store_vector(lane, x);
  for (int l = 1; l < int_lanes; ++l) lane[0] = lane[l] > lane[0] ? lane[l] : lane[0];
  return lane[0];
}

// One group of a token to its codes, (planes, 256); returns the scale.
inline float quantize_group(const float* x, ActivationFormat format, std::int8_t* codes) {
  // Bits of absolute values order as the values do, with NaN above infinity.
  Ints largest{};
  for (int k = 0; k < format.group; k += int_lanes) {
    const Ints size = bits_of(load_floats(x + k)) & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  const std::int32_t bits = largest_lane(largest);
  float size;
  __builtin_memcpy(&size, &bits, sizeof size);
  const bool finite = bits < 0x7f800000;
  if (!finite || size < 0x1p-100f) {
    for (int plane = 0; plane < format.planes; ++plane)
      for (int k = 0; k < format.group; ++k) codes[plane * block_width + k] = 0;
    return finite ? 0.0f : __builtin_nanf("");
  }
  const float steps = plane_steps[format.planes - 1];
  const Floats inverse = broadcast(steps / size);
  for (int k = 0; k < format.group; k += int_lanes) {
    const Ints code = to_int(load_floats(x + k) * inverse);
    if (format.planes == 1) {
      store_vector(codes + k, __builtin_convertvector(code, Codes));
      continue;
    }
    const Ints high = (code + 128) >> 8, low = code - (high << 8);
    store_vector(codes + k, __builtin_convertvector(high, Codes));
    store_vector(codes + block_width + k, __builtin_convertvector(low < -127 ? Ints{} - 127 : low, Codes));
  }
  return size / steps;
}

// The sums of four times sixteen codes.
inline void sum_codes(const std::int8_t* codes, std::int32_t (&sums)[4]) {
  alignas(64) std::uint64_t eight[8];
  sum_bytes(codes, splat(static_cast<std::int32_t>(0x80808080u)), eight);
  for (int i = 0; i < 4; ++i)
    sums[i] = static_cast<std::int32_t>(eight[2 * i] + eight[2 * i + 1]) - 128 * sub_width;
}

inline void quantize_block(const float* x,  // (256,)
                           const QuantizedActivations& out, int block, int token) {
  const int planes = out.format.planes, width = out.format.group, groups = block_width / width;
  const std::size_t row = static_cast<std::size_t>(block) * out.tokens + token;
  std::int8_t* codes = out.codes + row * planes * block_width;
  for (int group = 0; group < groups; ++group) {
    const std::size_t at = static_cast<std::size_t>(block * groups + group) * out.tokens + token;
    std::int8_t* of_group = codes + group * width;
    out.scales[at] = quantize_group(x + group * width, out.format, of_group);
    if (width < min_group) continue;
    for (int plane = 0; plane < planes; ++plane) {
      std::int32_t sum = 0, sums[4];
      static_assert(min_group % (4 * sub_width) == 0);
      for (int k = 0; k < width; k += 4 * sub_width) {
        sum_codes(of_group + plane * block_width + k, sums);
        for (int i = 0; i < 4; ++i) {
          sum += sums[i];
          if (groups == 1) out.sub_offsets[row * subs_per_block + k / sub_width + i] = -8 * sums[i] & 0xffff;
        }
      }
      out.offsets[at * planes + plane] = -128 * sum;
    }
  }
  if (width >= min_group) return;
  std::int32_t sums[4];
  for (int plane = 0; plane < planes; ++plane)
    for (int sub = 0; sub < subs_per_block; sub += 4) {
      sum_codes(codes + plane * block_width + sub * sub_width, sums);
      for (int i = 0; i < 4; ++i)
        out.offsets[(static_cast<std::size_t>(block * subs_per_block + sub + i) * out.tokens + token) *
                        planes +
                    plane] = -sums[i];
    }
}

void quantize_activations(const float* x, const QuantizedActivations& out, int token) {
  const int blocks = (out.cols + block_width - 1) / block_width;
  for (int b = 0; b < blocks; ++b, x += block_width) {
    const int n = out.cols - b * block_width;
    const float* from = x;
    alignas(64) float filled_up[block_width];
    if (n < block_width) {
      for (int k = 0; k < block_width; ++k) filled_up[k] = k < n ? x[k] : 0.0f;
      from = filled_up;
    }
    quantize_block(from, out, b, token);
  }
}

}  // namespace
}  // namespace kelvin::kernels
