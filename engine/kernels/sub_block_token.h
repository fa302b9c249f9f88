// The product of sub_blocks.h for one token: codes are multiplied as they come out of their bits, and sums stay in
// registers along a whole row of blocks, so that a core keeps up with memory. Included after sub_block_products.h.
#pragma once

#include <cstdint>

#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

// The scales of one group of one part of a panel; minima only where the format has them.
struct GroupScales {
  const PackedFormat& format;
  const std::byte* block;
  Float d[parts], m[parts];  // of scales that are bytes

  GroupScales(const PackedFormat& of, const std::byte* at) : format(of), block(at) {
    const SubBlocks& codes = *format.sub_blocks;
    if (codes.scales < ScaleKind::bytes) return;
    for (int part = 0; part < parts; ++part) {
      const int row = 2 * part * int_lanes;
      d[part] = multiply(splat_float(codes.unit), load_halves(block + super_scales_at(format) + row));
      if (codes.minima) m[part] = load_halves(block + super_minima_at(format) + row);
    }
  }
  // Of scales that are float32.
  int place(int group, int part) const {
    return (group >> format.sub_blocks->scale_shift) * panel_rows + part * int_lanes;
  }
  Float scale(int group, int part) const {
    const std::byte* const byte = block + group * panel_rows + part * int_lanes;
    const std::byte* const half = block + 2 * (group * panel_rows + part * int_lanes);
    switch (format.sub_blocks->scales) {
      case ScaleKind::single:
        return load_float(reinterpret_cast<const float*>(block + 4 * place(group, part)));
      case ScaleKind::half:
        return load_halves(half);
      case ScaleKind::bfloat16:
        return load_bfloats(half);
      case ScaleKind::bytes:
        return multiply(d[part], to_float(load_signed_bytes_wide(byte)));
      default:
        return multiply(d[part], to_float(bit_and(load_bytes_wide(byte), splat(15))));
    }
  }
  Float minimum(int group, int part) const {
    const int at = group * panel_rows + part * int_lanes, to_minima = minima_at(format);
    switch (format.sub_blocks->scales) {
      case ScaleKind::single: {
        const Int z = load_signed_bytes_wide(block + to_minima + place(group, part));
        return multiply(scale(group, part), to_float(subtract(zero(), z)));
      }
      case ScaleKind::half:
        return load_halves(block + to_minima + 2 * at);
      case ScaleKind::bytes:
        return multiply(m[part], to_float(load_signed_bytes_wide(block + to_minima + at)));
      default:
        return multiply(m[part], to_float(shift_right(load_bytes_wide(block + at), 4)));
    }
  }
};

// The sums of one group, of one plane or two: `lines` those of its 32 k, `first` its first step there. `together` is
// that of multiply_bytes.
template <int bits, bool table, int steps, int together, int planes>
Int multiply_group(const std::byte* lines, int first, Int values, const std::int8_t* x,
                   const std::int32_t* starts) {
  Int sum[planes], part[planes];
  for (int plane = 0; plane < planes; ++plane)
    sum[plane] = together == 0 ? start_int8(starts[plane]) : splat(starts[plane]);
  KELVIN_UNROLL(8)
  for (int step = 0; step < steps; ++step) {
    Int w = step_codes<bits>(lines, first + step);
    if constexpr (table) w = look_up(values, w);
    for (int plane = 0; plane < planes; ++plane) {
      const Int xs = splat_step(x + plane * block_width + step * step_width);
      if constexpr (together == 0) {
        sum[plane] = add_int8_products(sum[plane], w, xs);
      } else {
        const Int product = multiply_add_bytes(w, xs);
        part[plane] = step % together == 0 ? product : add_int16(part[plane], product);
        if (step % together == together - 1)
          sum[plane] = add(sum[plane], multiply_add_int16(part[plane], splat(0x00010001)));
      }
    }
  }
  if constexpr (planes == 2) return add(shift_left(sum[0], 8), sum[1]);
  return sum[0];
}

// Blocks [first, first + count) of a panel, added to y. `inputs` are those of these blocks.
template <int bits, bool table, int steps, int together, int planes>
void multiply_token(const QuantizedMatmul& m, const std::byte* panel, int first, int count, Int values,
                    const SubBlockInputs& inputs, float (&y)[panel_rows]) {
  const PackedFormat& format = *m.format;
  const bool minima = format.sub_blocks->minima;
  constexpr int groups_of_lines = 8 / steps, groups_of_block = subs_per_block * 4 / steps;
  const int bytes_of_block = static_cast<int>(block_bytes(format, block_width));
  Float sum[parts];
  for (int part = 0; part < parts; ++part) sum[part] = load_float(y + part * int_lanes);
  for (int b = 0; b < count; ++b) {
    const int left = padded_width(m.x.cols) - (first + b) * block_width;
    const int width = left < block_width ? left : block_width;
    const std::byte* const block = panel + static_cast<std::size_t>(first + b) * bytes_of_block;
    for (int line = 0; line < format.header_bytes; line += 64) prefetch<1>(block + prefetch_distance + line);
    const GroupScales scales(format, block);
    const std::int8_t* x = m.x.codes + static_cast<std::size_t>(first + b) * planes * block_width;
    const std::byte* lines = block + format.header_bytes;
    for (int i = 0; i < width / sub_block_lines; ++i, lines += 64 * bits) {
      for (int line = 0; line < bits; ++line) prefetch<1>(lines + prefetch_distance + 64 * line);
      for (int j = 0; j < groups_of_lines; ++j, x += steps * step_width) {
        const int group = i * groups_of_lines + j, at = b * groups_of_block + group;
        const Float x_scale = splat_float(inputs.scales[at]), x_sum = splat_float(inputs.sums[at]);
        for (int part = 0; part < parts; ++part) {
          const std::byte* const from = lines + part * int_lanes * 4;
          const Int product = multiply_group<bits, table, steps, together, planes>(
              from, j * steps, values, x, inputs.starts + at * planes);
          sum[part] =
              multiply_add(to_float(product), multiply(scales.scale(group, part), x_scale), sum[part]);
          if (minima) sum[part] = multiply_add(scales.minimum(group, part), x_sum, sum[part]);
        }
      }
    }
  }
  for (int part = 0; part < parts; ++part) store_float(y + part * int_lanes, sum[part]);
}

// Long rows in parts whose inputs fit SubBlockInputs; between them sums wait in y.
template <int bits, bool table, int steps, int together, int planes>
void matmul_token(const QuantizedMatmul& m) {
  const PackedFormat& format = *m.format;
  const SubBlocks& codes = *format.sub_blocks;
  const int padded = padded_width(m.x.cols), blocks = (padded + block_width - 1) / block_width;
  constexpr int groups_of_block = subs_per_block * 4 / steps;
  constexpr int most_blocks = SubBlockInputs::most / groups_of_block;
  const std::size_t bytes_per_panel = panel_bytes(format, m.x.cols);
  const Int values = table ? values_of(codes) : zero();
  SubBlockInputs inputs;
  for (int first = 0; first < blocks; first += most_blocks) {
    const int count = blocks - first < most_blocks ? blocks - first : most_blocks;
    for (int b = 0; b < count; ++b) {
      const int left = padded - (first + b) * block_width, width = left < block_width ? left : block_width;
      inputs.read(m.x, first + b, 0, 1, width / format.group, format.group, codes.zero, b * groups_of_block);
    }
    const std::byte* panel = m.w;
    for (int row = 0; row < m.rows; row += panel_rows, panel += bytes_per_panel) {
      const int rows = m.rows - row < panel_rows ? m.rows - row : panel_rows;
      alignas(64) float y[panel_rows] = {};
      for (int r = 0; first > 0 && r < rows; ++r) y[r] = m.y[row + r];
      multiply_token<bits, table, steps, together, planes>(m, panel, first, count, values, inputs, y);
      const bool last = first + count == blocks;
      for (int r = 0; r < rows; ++r) m.y[row + r] = last && m.bias ? y[r] + m.bias[row + r] : y[r];
    }
  }
}

using MatmulToken = void (*)(const QuantizedMatmul& m);

template <int bits, bool table, int steps, int together, int planes>
constexpr MatmulToken token_product =
    matmul_token<bits, table, steps, byte_products_in_int16 ? together : 0, planes>;

// nullptr: formats that are met seldom have none, each being a function to compile.
template <int planes>
MatmulToken token_product_of(const PackedFormat& format) {
  const SubBlocks& codes = *format.sub_blocks;
  switch (codes.code_bits) {
    case 2:
      return token_product<2, false, 4, 4, planes>;
    case 3:
      return codes.values ? token_product<3, true, 4, 0, planes> : token_product<3, false, 4, 4, planes>;
    case 4:
      if (!codes.values) return token_product<4, false, 8, 8, planes>;
      if (format.group == 16) return nullptr;
      return codes.largest == 255 ? token_product<4, true, 8, 0, planes>
                                  : token_product<4, true, 8, 4, planes>;
    case 5:
      return token_product<5, false, 8, 4, planes>;
    case 6:
      return token_product<6, false, 4, 2, planes>;
    case 8:
      return token_product<8, false, 8, 0, planes>;
    default:
      return nullptr;
  }
}

inline void matmul_sub_blocks(const QuantizedMatmul& m) {
  const auto product_of = m.x.format.planes == 2 ? token_product_of<2> : token_product_of<1>;
  if (const MatmulToken one = m.x.tokens == 1 ? product_of(*m.format) : nullptr) return one(m);
  matmul_sub_blocks_of_tokens(m);
}

}  // namespace
}  // namespace kelvin::kernels
