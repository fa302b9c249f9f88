// The specification of sub_blocks.h, in plain loops.
#include "engine/kernels/sub_blocks.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/kernels/packing_scalar.h"
#include "engine/kernels/scalar_rows.h"

namespace kelvin::kernels {
namespace {

int unsigned_byte(std::byte b) { return static_cast<int>(b); }
int signed_byte(std::byte b) { return static_cast<std::int8_t>(b); }

float read_half(const std::byte* from) {
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu,
                      fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals, exact
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  // Infinity stays infinity. A NaN becomes a quiet one, as processors make it.
  if (exponent == 0x1f)
    return std::bit_cast<float>(sign | 0x7f800000u | (fraction ? 0x400000u : 0u) | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

// A plane of `bits` bits of k `k` of 32, row `row`.
int plane_code(const std::byte* lines, int bits, int row, int k) {
  const int step = k / step_width, steps_in_line = 8 / bits;
  const std::byte byte = lines[step / steps_in_line * 64 + row * step_width + k % step_width];
  return unsigned_byte(byte) >> step % steps_in_line * bits & ((1 << bits) - 1);
}

int read_code(const std::byte* lines, int bits, int row, int k) {
  if (bits == 8 || bits == 4 || bits == 2 || bits == 1) return plane_code(lines, bits, row, k);
  const int first = bits == 3 ? 2 : 4;
  return plane_code(lines, first, row, k) | plane_code(lines + 64 * first, bits - first, row, k) << first;
}

float read_single(const std::byte* from) {
  float number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

float read_scale(const PackedFormat& format, const std::byte* block, int group, int row) {
  const SubBlocks& codes = *format.sub_blocks;
  const int at = (group >> codes.scale_shift) * panel_rows + row;
  if (codes.scales == ScaleKind::single) return read_single(block + 4 * at);
  if (codes.scales == ScaleKind::half) return read_half(block + 2 * at);
  if (codes.scales == ScaleKind::bfloat16) return scalar::read_bfloat16(block + 2 * at);
  const int s = codes.scales == ScaleKind::bytes ? signed_byte(block[at]) : unsigned_byte(block[at]) & 15;
  return codes.unit * static_cast<float>(s) * read_half(block + super_scales_at(format) + 2 * row);
}

float read_minimum(const PackedFormat& format, const std::byte* block, int group, int row) {
  const SubBlocks& codes = *format.sub_blocks;
  const int at = (group >> codes.scale_shift) * panel_rows + row;
  if (codes.scales == ScaleKind::single)
    return read_single(block + 4 * at) * static_cast<float>(-signed_byte(block[minima_at(format) + at]));
  if (codes.scales == ScaleKind::half) return read_half(block + minima_at(format) + 2 * at);
  const int t = codes.scales == ScaleKind::bytes ? signed_byte(block[minima_at(format) + at])
                                                 : unsigned_byte(block[at]) >> 4;
  return static_cast<float>(t) * read_half(block + super_minima_at(format) + 2 * row);
}

}  // namespace

void read_row_sub_blocks(const PackedFormat& format, const std::byte* block, int row, int width,
                         float* scales, float* minima, std::int16_t* integers) {
  const SubBlocks& codes = *format.sub_blocks;
  for (int k = 0; k < width; ++k) {
    const std::byte* const lines = block + format.header_bytes + k / sub_block_lines * (64 * codes.code_bits);
    const int code = read_code(lines, codes.code_bits, row, k % sub_block_lines);
    integers[k] = static_cast<std::int16_t>(codes.values ? codes.values[code] : code - codes.zero);
    if (k % format.group != 0) continue;
    const int group = k / format.group;
    scales[group] = read_scale(format, block, group, row);
    if (codes.minima) minima[group] = read_minimum(format, block, group, row);
  }
}

namespace {

// One row of a panel: to sums[token], group by group.
void add_row(const PackedFormat& format, const std::byte* panel, int row, const QuantizedActivations& x,
             float* sums) {
  const int padded = padded_width(x.cols), planes = x.format.planes;
  for (int t = 0; t < x.tokens; ++t) sums[t] = 0.0f;
  for (int block = 0; block * block_width < padded; ++block) {
    const int left = padded - block * block_width, width = left < block_width ? left : block_width;
    float scales[max_groups], minima[max_groups];
    std::int16_t w[block_width];
    format.read_row(format, panel, row, width, scales, minima, w);
    for (int first = 0; first < width; first += format.group)
      for (int t = 0; t < x.tokens; ++t) {
        const std::size_t of_token = static_cast<std::size_t>(block) * x.tokens + t;
        const std::int8_t* const code = x.codes + of_token * planes * block_width;
        std::int32_t sum = 0, of_x = 0;
        for (int k = first; k < first + format.group; ++k) {
          const int value = planes == 2 ? code[k] * 256 + code[block_width + k] : code[k];
          sum += w[k] * value;
          of_x += value;
        }
        const int group = first / format.group, groups = block_width / x.format.group;
        const float scale =
            x.scales[static_cast<std::size_t>(block * groups + first / x.format.group) * x.tokens + t];
        sums[t] = std::fma(static_cast<float>(sum), scales[group] * scale, sums[t]);
        if (format.sub_blocks->minima)
          sums[t] = std::fma(minima[group], scale * static_cast<float>(of_x), sums[t]);
      }
    panel += block_bytes(format, width);
  }
}

}  // namespace

void matmul_sub_blocks_scalar(const QuantizedMatmul& m) { scalar::multiply_rows(m, *m.format, add_row); }

}  // namespace kelvin::kernels
