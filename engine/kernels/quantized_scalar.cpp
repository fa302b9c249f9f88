// The specification of the integer products: plain loops, one weight at a time.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

constexpr int width = 4;  // lanes of pack_weights.h: what every processor has

}  // namespace
}  // namespace kelvin

#include "engine/kernels/pack_weights.h"

namespace kelvin {
namespace {

struct Q8Block {
  static constexpr int header = q8_header, bytes_per_step = 64;

  static float scale(const std::byte* block, int row) {
    float value;
    std::memcpy(&value, block + 4 * row, sizeof value);
    return value;
  }
  static int weight(const std::byte* block, int row, int k) {
    return static_cast<int>(block[header + k / step_width * 64 + row * step_width + k % step_width]) - 128;
  }
};

struct Q4Block {
  static constexpr int header = q4_header, bytes_per_step = 32;

  static float scale(const std::byte* block, int row) {
    std::uint16_t bits;
    std::memcpy(&bits, block + q4_scales + 2 * row, sizeof bits);
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  static int weight(const std::byte* block, int row, int k) {
    const int sub = k / sub_width, step = k / step_width;
    std::uint16_t signs;
    std::memcpy(&signs, block + q4_signs + 2 * sub, sizeof signs);
    const int sizes = static_cast<int>(block[sub / 2 * panel_rows + row]);
    const int size = sub % 2 ? sizes >> 4 : sizes & 15;
    const int codes = static_cast<int>(block[header + step / 2 * 64 + row * step_width + k % step_width]);
    const int code = (step % 2 ? codes >> 4 : codes & 15) - 8;
    return signs >> row & 1 ? -size * code : size * code;
  }
};

int width_of_group(int cols, int group) {
  const int left = cols - group * group_width;
  return left >= group_width ? group_width : (left + k_padding - 1) / k_padding * k_padding;
}

template <class Block>
void matmul(const QuantizedMatmul& m) {
  const QuantizedActivations& x = m.x;
  const int groups = (x.cols + group_width - 1) / group_width;
  const std::byte* panel = m.w;
  for (int first = 0; first < m.rows; first += panel_rows) {
    const std::byte* end = panel;
    for (int row = first; row < first + panel_rows && row < m.rows; ++row) {
      for (int t = 0; t < x.tokens; ++t) {
        const std::byte* block = panel;
        float y = 0.0f;
        for (int g = 0; g < groups; ++g) {
          const std::size_t at = static_cast<std::size_t>(g) * x.tokens + t;
          const int k_end = width_of_group(x.cols, g);
          std::int32_t dot = 0;
          for (int k = 0; k < k_end; ++k)
            dot += Block::weight(block, row - first, k) * x.codes[at * group_width + k];
          y = std::fma(static_cast<float>(dot), Block::scale(block, row - first) * x.scales[at], y);
          block += Block::header + k_end / step_width * Block::bytes_per_step;
        }
        m.y[static_cast<std::size_t>(t) * m.y_stride + row] = m.bias ? y + m.bias[row] : y;
        end = block;
      }
    }
    panel = end;
  }
}

void quantize_activations(const float* x, std::size_t x_stride, QuantizedActivations& out) {
  const int groups = (out.cols + group_width - 1) / group_width;
  for (int g = 0; g < groups; ++g) {
    const int left = out.cols - g * group_width;
    const int n = left < group_width ? left : group_width;
    for (int t = 0; t < out.tokens; ++t) {
      const float* group =
          x + static_cast<std::size_t>(t) * x_stride + static_cast<std::size_t>(g) * group_width;
      const std::size_t at = static_cast<std::size_t>(g) * out.tokens + t;
      std::uint32_t largest =
          0;  // of absolute values, as bits: these order as the values do, NaN above infinity
      for (int k = 0; k < n; ++k) {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(group[k]) & 0x7fffffffu;
        if (bits > largest) largest = bits;
      }
      const float size = std::bit_cast<float>(largest);
      const bool finite = largest < 0x7f800000u;
      const bool usable = finite && size >= 0x1p-100f;
      const float inverse = 127.0f / size;
      out.scales[at] = usable ? size / 127.0f : finite ? 0.0f : std::bit_cast<float>(0x7fc00000u);
      std::int32_t sum = 0;
      for (int sub = 0; sub < groups_of_subs; ++sub) {
        std::int32_t sub_sum = 0;
        for (int k = sub * sub_width; k < (sub + 1) * sub_width; ++k) {
          // Adding 1.5 * 2^23 rounds to the nearest integer, halves to even.
          const float code = usable && k < n ? group[k] * inverse + 0x1.8p+23f - 0x1.8p+23f : 0.0f;
          out.codes[at * group_width + k] = static_cast<std::int8_t>(code);
          sub_sum += static_cast<std::int32_t>(code);
        }
        out.sub_offsets[at * groups_of_subs + sub] = -8 * sub_sum & 0xffff;
        sum += sub_sum;
      }
      out.offsets[at] = -128 * sum;
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
