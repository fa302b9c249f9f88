// The specification of the integer products: plain loops, one weight at a time.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

// Of pack_weights.h: what every processor has.
constexpr int width = 4;
using Float = float __attribute__((vector_size(4 * width)));
Float smaller(Float a, Float b) { return a < b ? a : b; }
Float larger(Float a, Float b) { return a > b ? a : b; }
Float multiply_add(Float a, Float b, Float c) { return a * b + c; }

}  // namespace
}  // namespace kelvin

#include "engine/kernels/pack_weights.h"

namespace kelvin {
namespace {

float read_bfloat16(const std::byte* from) {
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

struct Q8Block {
  static constexpr int header = q8_header, bytes_per_step = 64, width = span_width;

  static float scale(const std::byte* block, int row, int k) {
    return read_bfloat16(block + 2 * (k / width * panel_rows + row));
  }
  static void weights(const std::byte* block, int row, int width_here, std::int8_t* w) {
    const std::byte* bytes = block + header + row * step_width;
    for (int k = 0; k < width_here; ++k)
      w[k] = static_cast<std::int8_t>(static_cast<int>(bytes[k / step_width * 64 + k % step_width]) - 128);
  }
};

struct Q4Block {
  static constexpr int header = q4_header, bytes_per_step = 32, width = group_width;

  static float scale(const std::byte* block, int row, int) {
    return read_bfloat16(block + q4_scales + 2 * row);
  }
  static void weights(const std::byte* block, int row, int width_here, std::int8_t* w) {
    for (int k = 0; k < width_here; ++k) {
      const int sub = k / sub_width, step = k / step_width;
      std::uint16_t signs;
      std::memcpy(&signs, block + q4_signs + 2 * sub, sizeof signs);
      const int sizes = static_cast<int>(block[sub / 2 * panel_rows + row]);
      const int size = sub % 2 ? sizes >> 4 : sizes & 15;
      const int codes = static_cast<int>(block[header + step / 2 * 64 + row * step_width + k % step_width]);
      const int code = (step % 2 ? codes >> 4 : codes & 15) - 8;
      w[k] = static_cast<std::int8_t>(signs >> row & 1 ? -size * code : size * code);
    }
  }
};

int width_of_group(int cols, int group) {
  const int left = cols - group * group_width;
  return left >= group_width ? group_width : (left + k_padding - 1) / k_padding * k_padding;
}

// The code of 8 or 16 bits of one activation.
std::int32_t code_of(const QuantizedActivations& x, int group, int token, int k) {
  const int planes = x.format.planes;
  const std::size_t row = (static_cast<std::size_t>(group) * x.tokens + token) * planes;
  const std::int8_t* code = x.codes + row * group_width + k;
  return planes == 2 ? code[0] * 256 + code[group_width] : code[0];
}

// One row of a panel: to sums[token], scale by scale.
template <class Block>
const std::byte* add_row(const std::byte* block, int row, const QuantizedActivations& x, float* sums) {
  constexpr int spans = group_width / Block::width;
  const int groups = (x.cols + group_width - 1) / group_width;
  for (int t = 0; t < x.tokens; ++t) sums[t] = 0.0f;
  for (int g = 0; g < groups; ++g) {
    const int width_here = width_of_group(x.cols, g);
    std::int8_t w[group_width];
    Block::weights(block, row, width_here, w);
    for (int first = 0; first < width_here; first += Block::width) {
      const float scale = Block::scale(block, row, first);
      const int end = first + Block::width < width_here ? first + Block::width : width_here;
      for (int t = 0; t < x.tokens; ++t) {
        const std::size_t at = static_cast<std::size_t>(g * spans + first / Block::width) * x.tokens + t;
        std::int32_t sum = 0;
        for (int k = first; k < end; ++k) sum += w[k] * code_of(x, g, t, k);
        sums[t] = std::fma(static_cast<float>(sum), scale * x.scales[at], sums[t]);
      }
    }
    block += Block::header + width_here / step_width * Block::bytes_per_step;
  }
  return block;
}

template <class Block>
void matmul(const QuantizedMatmul& m) {
  const std::byte *panel = m.w, *next = m.w;
  for (int row = 0; row < m.rows; ++row) {
    if (row % panel_rows == 0) panel = next;
    next = add_row<Block>(panel, row % panel_rows, m.x, m.scratch);
    for (int t = 0; t < m.x.tokens; ++t) {
      const float y = m.scratch[t];
      m.y[static_cast<std::size_t>(t) * m.y_stride + row] = m.bias ? y + m.bias[row] : y;
    }
  }
}

// One scale's k: n of the matrix, then zeros. Returns the scale.
float quantize_span(const float* x, int n, ActivationFormat format,
                    std::int8_t* codes) {  // (planes, 256)
  std::uint32_t largest = 0;  // of absolute values, as bits: these order as the values do, NaN above infinity
  for (int k = 0; k < n; ++k) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x[k]) & 0x7fffffffu;
    if (bits > largest) largest = bits;
  }
  const float size = std::bit_cast<float>(largest), steps = plane_steps[format.planes - 1];
  const bool finite = largest < 0x7f800000u;
  const bool usable = finite && size >= 0x1p-100f;
  const float inverse = steps / size;
  for (int k = 0; k < format.span; ++k) {
    // Adding 1.5 * 2^23 rounds to the nearest integer, halves to even.
    const int code = usable && k < n ? static_cast<int>(x[k] * inverse + 0x1.8p+23f - 0x1.8p+23f) : 0;
    if (format.planes == 1) {
      codes[k] = static_cast<std::int8_t>(code);
      continue;
    }
    // -128 is kept out of both planes: tables without VNNI multiply sizes and signs.
    const int high = (code + 128) >> 8, low = code - high * 256;
    codes[k] = static_cast<std::int8_t>(high);
    codes[group_width + k] = static_cast<std::int8_t>(low < -127 ? -127 : low);
  }
  return usable ? size / steps : finite ? 0.0f : std::bit_cast<float>(0x7fc00000u);
}

void quantize_activations(const float* x, const QuantizedActivations& out, int token) {
  const int groups = (out.cols + group_width - 1) / group_width;
  const int planes = out.format.planes, width_of_span = out.format.span, spans = group_width / width_of_span;
  for (int span = 0; span < groups * spans; ++span) {
    const std::size_t row = static_cast<std::size_t>(span / spans) * out.tokens + token;
    const std::size_t at = static_cast<std::size_t>(span) * out.tokens + token;
    const int first = span * width_of_span, left = out.cols - first;
    const int n = left < 0 ? 0 : left < width_of_span ? left : width_of_span;
    std::int8_t* codes = out.codes + row * planes * group_width + first % group_width;
    out.scales[at] = quantize_span(n > 0 ? x + first : x, n, out.format, codes);
    for (int plane = 0; plane < planes; ++plane) {
      std::int32_t sum = 0;
      for (int k = 0; k < width_of_span; ++k) sum += codes[plane * group_width + k];
      out.offsets[at * planes + plane] = -128 * sum;
    }
    if (spans > 1) continue;
    for (int sub = 0; sub < groups_of_subs; ++sub) {
      std::int32_t sum = 0;
      for (int k = sub * sub_width; k < (sub + 1) * sub_width; ++k) sum += codes[k];
      out.sub_offsets[row * groups_of_subs + sub] = -8 * sum & 0xffff;
    }
  }
}

std::uint64_t multiply_burst(std::uint64_t rounds, std::int32_t* sink) {
  std::int32_t sum = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) sum += static_cast<std::int32_t>(round & 127) * 3;
  *sink = sum;
  return rounds;
}

}  // namespace

const QuantizedKernels scalar_quantized = {"scalar", matmul<Q8Block>, matmul<Q4Block>, quantize_activations,
                                           pack_q8,  pack_q4,         multiply_burst};

}  // namespace kelvin
