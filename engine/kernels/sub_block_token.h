// The product of sub_blocks.h for one token, and for a few where registers hold their sums: codes are multiplied as
// they come out of their bits, and sums stay in registers along a whole row of blocks, so that a core keeps up with
// memory. Included after sub_block_products.h and these words:
//   direct_tokens        at most so many in one pass over a panel: 1, 2, 4 or 8
//   most_direct_tokens   up to so many tokens this is faster than to make bytes of all codes first
#pragma once

#include <cstdint>

#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

// The sums of one group for some columns, tokens or the planes of one: `lines` those of its 32 k, `first` its first
// step there. `together` is that of multiply_bytes.
template <int bits, bool table, int steps, int together, int columns>
[[gnu::always_inline]] inline void multiply_group(const std::byte* lines, int first, Int values,
                                                  const std::int8_t* x, const std::int32_t* starts,
                                                  Int (&sum)[columns]) {
  Int part[columns];
  for (int column = 0; column < columns; ++column)
    sum[column] = together == 0 ? start_int8(starts[column]) : splat(starts[column]);
  KELVIN_UNROLL(8)
  for (int step = 0; step < steps; ++step) {
    Int w = step_codes<bits>(lines, first + step);
    if constexpr (table) w = look_up(values, w);
    for (int column = 0; column < columns; ++column) {
      const Int xs = splat_step(x + column * block_width + step * step_width);
      if constexpr (together == 0) {
        sum[column] = add_int8_products(sum[column], w, xs);
      } else {
        const Int product = multiply_add_bytes(w, xs);
        part[column] = step % together == 0 ? product : add_int16(part[column], product);
        if (step % together == together - 1)
          sum[column] = add(sum[column], multiply_add_int16(part[column], splat(0x00010001)));
      }
    }
  }
}

// Blocks [first, first + count) of a panel, added to y, for `tokens` tokens from `token` on. `inputs` are those of
// these blocks and all tokens.
// Not inlined: what callers keep in registers would push sums out of them.
template <int bits, bool table, int steps, int together, int planes, int tokens>
[[gnu::noinline]] void multiply_tokens(const QuantizedMatmul& m, const std::byte* panel, int first, int count,
                                       int token, Int values, const SubBlockInputs& inputs,
                                       float (&y)[tokens][panel_rows]) {
  const PackedFormat& format = *m.format;
  const bool minima = format.sub_blocks->minima;
  constexpr int groups_of_lines = 8 / steps, groups_of_block = subs_per_block * 4 / steps;
  const int bytes_of_block = static_cast<int>(block_bytes(format, block_width));
  SubBlockScales scales;
  Float sum[tokens][parts];
  for (int t = 0; t < tokens; ++t)
    for (int part = 0; part < parts; ++part) sum[t][part] = load_float(y[t] + part * int_lanes);
  for (int b = 0; b < count; ++b) {
    const int left = padded_width(m.x.cols) - (first + b) * block_width;
    const int width = left < block_width ? left : block_width;
    const std::byte* const block = panel + static_cast<std::size_t>(first + b) * bytes_of_block;
    for (int line = 0; line < format.header_bytes; line += 64) prefetch<1>(block + prefetch_distance + line);
    unpack_scales(format, block, width / format.group, scales.scales[0], scales.minima[0]);
    const std::int8_t* x =
        m.x.codes + (static_cast<std::size_t>(first + b) * m.x.tokens + token) * planes * block_width;
    const std::byte* lines = block + format.header_bytes;
    for (int i = 0; i < width / sub_block_lines; ++i, lines += 64 * bits) {
      for (int line = 0; line < bits; ++line) prefetch<1>(lines + prefetch_distance + 64 * line);
      for (int j = 0; j < groups_of_lines; ++j, x += steps * step_width) {
        const int group = i * groups_of_lines + j, at = (b * groups_of_block + group) * m.x.tokens + token;
        for (int part = 0; part < parts; ++part) {
          Int products[tokens * planes];
          multiply_group<bits, table, steps, together>(lines + part * int_lanes * 4, j * steps, values, x,
                                                       inputs.starts + at * planes, products);
          const Float scale = load_float(scales.scales[group] + part * int_lanes);
          for (int t = 0; t < tokens; ++t) {
            Int product = products[t * planes];
            if constexpr (planes == 2) product = add(shift_left(product, 8), products[t * planes + 1]);
            Float& y_of_part = sum[t][part];
            y_of_part = multiply_add(to_float(product), multiply(scale, splat_float(inputs.scales[at + t])),
                                     y_of_part);
            if (minima)
              y_of_part = multiply_add(load_float(scales.minima[group] + part * int_lanes),
                                       splat_float(inputs.sums[at + t]), y_of_part);
          }
        }
      }
    }
  }
  for (int t = 0; t < tokens; ++t)
    for (int part = 0; part < parts; ++part) store_float(y[t] + part * int_lanes, sum[t][part]);
}

// Some tokens times blocks [first, first + count) of a panel, whose rows begin at `row`. Between parts of a row sums
// wait in y.
template <int bits, bool table, int steps, int together, int planes, int tokens>
void pass_tokens(const QuantizedMatmul& m, const std::byte* panel, int row, int first, int count, bool last,
                 int token, Int values, const SubBlockInputs& inputs) {
  const int rows = m.rows - row < panel_rows ? m.rows - row : panel_rows;
  float* const out = m.y + static_cast<std::size_t>(token) * m.y_stride + row;
  alignas(64) float y[tokens][panel_rows] = {};
  for (int t = 0; t < tokens && first > 0; ++t)
    for (int r = 0; r < rows; ++r) y[t][r] = out[static_cast<std::size_t>(t) * m.y_stride + r];
  multiply_tokens<bits, table, steps, together, planes>(m, panel, first, count, token, values, inputs, y);
  for (int t = 0; t < tokens; ++t)
    for (int r = 0; r < rows; ++r)
      out[static_cast<std::size_t>(t) * m.y_stride + r] =
          last && m.bias ? y[t][r] + m.bias[row + r] : y[t][r];
}

// Long rows in parts whose inputs fit SubBlockInputs. Of the tokens as many at once as registers hold sums of: the
// panel comes from memory with the first of them, and from the caches with the others.
template <int bits, bool table, int steps, int together, int planes>
void matmul_few_tokens(const QuantizedMatmul& m) {
  const PackedFormat& format = *m.format;
  const SubBlocks& codes = *format.sub_blocks;
  const int tokens = m.x.tokens;
  const int padded = padded_width(m.x.cols), blocks = (padded + block_width - 1) / block_width;
  constexpr int groups_of_block = subs_per_block * 4 / steps;
  const int most_blocks = SubBlockInputs::most / (groups_of_block * tokens);
  const std::size_t bytes_per_panel = panel_bytes(format, m.x.cols);
  const Int values = table ? values_of(codes) : zero();
  SubBlockInputs inputs;
  for (int first = 0; first < blocks; first += most_blocks) {
    const int count = blocks - first < most_blocks ? blocks - first : most_blocks;
    for (int b = 0; b < count; ++b) {
      const int left = padded - (first + b) * block_width, width = left < block_width ? left : block_width;
      inputs.read(m.x, first + b, 0, tokens, width / format.group, format.group, codes.zero,
                  b * groups_of_block * tokens);
    }
    const std::byte* panel = m.w;
    for (int row = 0; row < m.rows; row += panel_rows, panel += bytes_per_panel) {
      const bool last = first + count == blocks;
      int token = 0;
      const auto pass = [&](auto some, auto one_pass) {
        for (; tokens - token >= some; token += some)
          one_pass(m, panel, row, first, count, last, token, values, inputs);
      };
      if constexpr (planes == 1 && direct_tokens >= 8)
        pass(8, pass_tokens<bits, table, steps, together, planes, 8>);
      if constexpr (planes == 1 && direct_tokens >= 4)
        pass(4, pass_tokens<bits, table, steps, together, planes, 4>);
      if constexpr (planes == 1 && direct_tokens >= 2)
        pass(2, pass_tokens<bits, table, steps, together, planes, 2>);
      pass(1, pass_tokens<bits, table, steps, together, planes, 1>);
    }
  }
}

using MatmulToken = void (*)(const QuantizedMatmul& m);

template <int bits, bool table, int steps, int together, int planes>
constexpr MatmulToken token_product =
    matmul_few_tokens<bits, table, steps, byte_products_in_int16 ? together : 0, planes>;

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
  const int most = m.x.format.planes == 1 ? most_direct_tokens : 1;
  if (const MatmulToken few = m.x.tokens <= most ? product_of(*m.format) : nullptr) return few(m);
  matmul_sub_blocks_of_tokens(m);
}

}  // namespace
}  // namespace kelvin::kernels
