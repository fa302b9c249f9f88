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

// One scale's k of a token to its codes, (planes, 256); returns the scale.
inline float quantize_span(const float* x, ActivationFormat format, std::int8_t* codes) {
  // Bits of absolute values order as the values do, with NaN above infinity.
  Ints largest{};
  for (int k = 0; k < format.span; k += width) {
    const Ints size = bits_of(load_floats(x + k)) & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  const std::int32_t bits = largest_lane(largest);
  float size;
  __builtin_memcpy(&size, &bits, sizeof size);
  const bool finite = bits < 0x7f800000;
  if (!finite || size < 0x1p-100f) {
    for (int plane = 0; plane < format.planes; ++plane)
      for (int k = 0; k < format.span; ++k) codes[plane * group_width + k] = 0;
    return finite ? 0.0f : __builtin_nanf("");
  }
  const float steps = plane_steps[format.planes - 1];
  const Floats inverse = all(steps / size);
  for (int k = 0; k < format.span; k += width) {
    const Ints code = whole(load_floats(x + k) * inverse);
    if (format.planes == 1) {
      store_vector(codes + k, __builtin_convertvector(code, Codes));
      continue;
    }
    const Ints high = (code + 128) >> 8, low = code - (high << 8);
    store_vector(codes + k, __builtin_convertvector(high, Codes));
    store_vector(codes + group_width + k, __builtin_convertvector(low < -127 ? Ints{} - 127 : low, Codes));
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

inline void quantize_group(const float* x,  // (256,)
                           const QuantizedActivations& out, int group, int token) {
  const int planes = out.format.planes, spans = group_width / out.format.span;
  const std::size_t row = static_cast<std::size_t>(group) * out.tokens + token;
  std::int8_t* codes = out.codes + row * planes * group_width;
  for (int span = 0; span < spans; ++span) {
    const std::size_t at = static_cast<std::size_t>(group * spans + span) * out.tokens + token;
    std::int8_t* of_span = codes + span * out.format.span;
    out.scales[at] = quantize_span(x + span * out.format.span, out.format, of_span);
    for (int plane = 0; plane < planes; ++plane) {
      std::int32_t sum = 0, sums[4];
      static_assert(span_width == 4 * sub_width);
      for (int k = 0; k < out.format.span; k += span_width) {
        sum_codes(of_span + plane * group_width + k, sums);
        for (int i = 0; i < 4; ++i) {
          sum += sums[i];
          if (spans == 1) out.sub_offsets[row * groups_of_subs + k / sub_width + i] = -8 * sums[i] & 0xffff;
        }
      }
      out.offsets[at * planes + plane] = -128 * sum;
    }
  }
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
    quantize_group(from, out, g, token);
  }
}

}  // namespace
}  // namespace kelvin
