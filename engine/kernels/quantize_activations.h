// Activations to bytes, written once over vectors of `width` floats; see quantized_scalar.cpp. Included after
// pack_weights.h and quantized_tiles.h.
#pragma once

namespace kelvin {
namespace {

using Codes = std::int8_t __attribute__((vector_size(width)));

inline std::int32_t largest_lane(Ints x) {
  std::int32_t lane[width];
  store_vector(lane, x);
  for (int l = 1; l < width; ++l) lane[0] = lane[l] > lane[0] ? lane[l] : lane[0];
  return lane[0];
}

inline void quantize_group(const float* x,  // (256,)
                           std::int8_t* codes, float& scale, std::int32_t& offset, std::int32_t* span_offsets,
                           std::size_t span_stride,    // (4,)
                           std::int32_t* sub_offsets,  // (16,)
                           float* rest) {              // (256,): what this plane leaves
  // Bits of absolute values order as the values do, with NaN above infinity.
  Ints largest{};
  for (int k = 0; k < group_width; k += width) {
    const Ints size = bits_of(load_floats(x + k)) & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  const std::int32_t bits = largest_lane(largest);
  float size;
  __builtin_memcpy(&size, &bits, sizeof size);
  const bool finite = bits < 0x7f800000;
  if (!finite || size < 0x1p-100f) {
    scale = finite ? 0.0f : __builtin_nanf("");
    offset = 0;
    for (int k = 0; k < group_width; ++k) {
      codes[k] = 0;
      rest[k] = 0.0f;
    }
    for (int sub = 0; sub < groups_of_subs; ++sub) sub_offsets[sub] = 0;
    for (int span = 0; span < groups_of_spans; ++span) span_offsets[span * span_stride] = 0;
    return;
  }
  scale = size / 127.0f;
  const Floats inverse = all(127.0f / size);
  for (int k = 0; k < group_width; k += width) {
    const Floats xk = load_floats(x + k);
    const Floats shifted = xk * inverse + to_integer;
    store_vector(codes + k, __builtin_convertvector(bits_of(shifted) - to_integer_bits, Codes));
    store_vector(rest + k, xk - (shifted - to_integer) * all(scale));
  }
  std::int32_t sum = 0;
  const Int flip = splat(static_cast<std::int32_t>(0x80808080u));
  static_assert(span_width == 4 * sub_width);
  for (int sub = 0; sub < groups_of_subs; sub += 4) {
    std::int32_t span_sum = 0;
    alignas(64) std::uint64_t eight[8];
    sum_bytes(codes + sub * sub_width, flip, eight);
    for (int i = 0; i < 4; ++i) {
      const std::int32_t sub_sum =
          static_cast<std::int32_t>(eight[2 * i] + eight[2 * i + 1]) - 128 * sub_width;
      sub_offsets[sub + i] = -8 * sub_sum & 0xffff;
      span_sum += sub_sum;
    }
    span_offsets[sub / 4 * span_stride] = -128 * span_sum;
    sum += span_sum;
  }
  offset = -128 * sum;
}

void quantize_activations(const float* x, const QuantizedActivations& out, int token) {
  const int groups = (out.cols + group_width - 1) / group_width;
  for (int g = 0; g < groups; ++g, x += group_width) {
    const int n = out.cols - g * group_width;
    const float* from = x;
    alignas(64) float filled_up[group_width];
    if (n < group_width) {
      for (int k = 0; k < group_width; ++k) filled_up[k] = k < n ? x[k] : 0.0f;
      from = filled_up;
    }
    alignas(64) float rest[group_width], nothing[group_width];
    const std::size_t stride = static_cast<std::size_t>(activation_planes) * out.tokens;
    const auto quantize = [&](const float* values, int plane, float* left) {
      const std::size_t place = static_cast<std::size_t>(plane) * out.tokens + token;
      const std::size_t at = static_cast<std::size_t>(g) * stride + place;
      quantize_group(values, out.codes + at * group_width, out.scales[at], out.offsets[at],
                     out.span_offsets + static_cast<std::size_t>(g) * groups_of_spans * stride + place,
                     stride, out.sub_offsets + at * groups_of_subs, left);
    };
    quantize(from, 0, rest);
    quantize(rest, 1, nothing);
  }
}

}  // namespace
}  // namespace kelvin
