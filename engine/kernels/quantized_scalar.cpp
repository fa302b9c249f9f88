// The specification of the integer products: plain loops, one weight at a time.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/math_constants.h"
#include "engine/kernels/packed_formats.h"
#include "engine/kernels/scalar_rows.h"
#include "engine/kernels/sub_blocks.h"

namespace kelvin::kernels {
namespace {

// The code of 8 or 16 bits of one activation.
std::int32_t code_of(const QuantizedActivations& x, int block, int token, int k) {
  const int planes = x.format.planes;
  const std::size_t row = (static_cast<std::size_t>(block) * x.tokens + token) * planes;
  const std::int8_t* code = x.codes + row * block_width + k;
  return planes == 2 ? code[0] * 256 + code[block_width] : code[0];
}

// One row of a panel: to sums[token], group by group.
void add_row(const PackedFormat& format, const std::byte* panel, int row, const QuantizedActivations& x,
             float* sums) {
  const int padded = padded_width(x.cols), groups = block_width / format.group;
  for (int t = 0; t < x.tokens; ++t) sums[t] = 0.0f;
  for (int block = 0; block * block_width < padded; ++block) {
    const int left = padded - block * block_width, width = left < block_width ? left : block_width;
    float scales[max_groups];
    std::int16_t w[block_width];
    format.read_row(format, panel, row, width, scales, nullptr, w);
    for (int first = 0; first < width; first += format.group) {
      const int group = first / format.group,
                end = first + format.group < width ? first + format.group : width;
      for (int t = 0; t < x.tokens; ++t) {
        const std::size_t at = static_cast<std::size_t>(block * groups + group) * x.tokens + t;
        std::int32_t sum = 0;
        for (int k = first; k < end; ++k) sum += w[k] * code_of(x, block, t, k);
        sums[t] = std::fma(static_cast<float>(sum), scales[group] * x.scales[at], sums[t]);
      }
    }
    panel += block_bytes(format, width);
  }
}

template <const PackedFormat& format>
void matmul_packed(const QuantizedMatmul& m) {
  scalar::multiply_rows(m, format, add_row);
}

// One group: n numbers of the token, then zeros. Returns the scale.
float quantize_group(const float* x, int n, ActivationFormat format,
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
  for (int k = 0; k < format.group; ++k) {
    const int code = usable && k < n ? static_cast<int>(x[k] * inverse + to_integer - to_integer) : 0;
    if (format.planes == 1) {
      codes[k] = static_cast<std::int8_t>(code);
      continue;
    }
    // -128 is kept out of both planes: tables without VNNI multiply sizes and signs.
    const int high = (code + 128) >> 8, low = code - high * 256;
    codes[k] = static_cast<std::int8_t>(high);
    codes[block_width + k] = static_cast<std::int8_t>(low < -127 ? -127 : low);
  }
  return usable ? size / steps : finite ? 0.0f : std::bit_cast<float>(0x7fc00000u);
}

void quantize_activations(const float* x, const QuantizedActivations& out, int token) {
  const int planes = out.format.planes, width = out.format.group, groups = block_width / width;
  const int blocks = (out.cols + block_width - 1) / block_width;
  const bool sub_blocks = width < min_group;
  for (int group = 0; group < blocks * groups; ++group) {
    const std::size_t row = static_cast<std::size_t>(group / groups) * out.tokens + token;
    const std::size_t at = static_cast<std::size_t>(group) * out.tokens + token;
    const int first = group * width, left = out.cols - first;
    const int n = left < 0 ? 0 : left < width ? left : width;
    std::int8_t* codes = out.codes + row * planes * block_width + first % block_width;
    out.scales[at] = quantize_group(n > 0 ? x + first : x, n, out.format, codes);
    for (int sub = 0; sub < (sub_blocks ? width / sub_width : 0); ++sub)
      for (int plane = 0; plane < planes; ++plane) {
        std::int32_t sum = 0;
        for (int k = sub * sub_width; k < (sub + 1) * sub_width; ++k) sum += codes[plane * block_width + k];
        const std::size_t sixteen = static_cast<std::size_t>(group * (width / sub_width) + sub);
        out.offsets[(sixteen * out.tokens + token) * planes + plane] = -sum;
      }
    if (sub_blocks) continue;
    for (int plane = 0; plane < planes; ++plane) {
      std::int32_t sum = 0;
      for (int k = 0; k < width; ++k) sum += codes[plane * block_width + k];
      out.offsets[at * planes + plane] = -128 * sum;
    }
    if (groups > 1) continue;
    for (int sub = 0; sub < subs_per_block; ++sub) {
      std::int32_t sum = 0;
      for (int k = sub * sub_width; k < (sub + 1) * sub_width; ++k) sum += codes[k];
      out.sub_offsets[row * subs_per_block + sub] = -8 * sum & 0xffff;
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

const QuantizedKernels scalar_quantized = {
    .name = "scalar",
    .q8 = {.matmul = matmul_packed<q8_format>, .pack = pack_q8_scalar},
    .q4 = {.matmul = matmul_packed<q4_format>, .pack = pack_q4_scalar},
    .sub_blocks = {.matmul = matmul_sub_blocks_scalar, .pack = nullptr},
    .quantize_activations = quantize_activations,
    .multiply_burst = multiply_burst,
};

}  // namespace kelvin::kernels
