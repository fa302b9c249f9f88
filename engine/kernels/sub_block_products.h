// The product of sub_blocks.h: a block's codes become bytes, some panels at a time, and these pass over all
// tokens. Included after sub_block_codes.h and these words:
//   byte_products_in_int16   whether products of bytes are added up in int16: where there is no VNNI
//   max_columns_two_sums     columns of a register tile where sums of int16 are added to sums of int32
//   max_columns_sub_blocks   columns of a register tile where sums are int32 at once
//   kept_tokens              tokens of a tile whose sums stay in registers from group to group
#pragma once

#include <cstdint>

#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

constexpr int sub_block_chunk = 48;  // tokens whose activations stay in L1

// Some tokens times some panels within a block.
struct SubBlockCall {
  const std::byte* bytes;  // (panels, 64, 64)
  int groups, columns;
  const std::int8_t* x;       // (columns, 256)
  const float* x_scale;       // (groups, tokens)
  const float* x_sum;         // (groups, tokens): scale times the sum of a group's codes
  const std::int32_t* start;  // (groups, columns): what makes up for `zero`
  const float* scale;         // (groups, sums_stride)
  const float* minimum;       // likewise, or nullptr
  float* sums;                // (tokens, sums_stride)
  int tokens;                 // from group to group
  int start_stride;

  void advance(int some, int planes) {
    x += static_cast<std::size_t>(some) * block_width;
    x_scale += some / planes;
    x_sum += some / planes;
    start += some;
    sums += static_cast<std::size_t>(some / planes) * sums_stride;
  }
};

constexpr int bytes_of_panel = panel_rows * block_width;

// `steps` of a group; `together`: how many of them int16 can hold, 0 where sums are int32 at once: with VNNI, and
// for bytes that are value + 128.
template <int steps, int together, int planes, int panels, int columns>
[[gnu::noinline]] void multiply_bytes(const SubBlockCall& call) {
  constexpr int registers = panels * parts, tokens = columns / planes;
  constexpr bool keep = tokens <= kept_tokens;
  const std::byte* w = call.bytes;
  const std::int8_t* x = call.x;
  Float kept[tokens][registers];
  if constexpr (keep)
    for (int token = 0; token < tokens; ++token)
      for (int r = 0; r < registers; ++r)
        kept[token][r] = load_float(call.sums + token * sums_stride + r * int_lanes);
  for (int group = 0; group < call.groups; ++group) {
    Int sum[columns][registers];
    const std::int32_t* const start = call.start + group * call.start_stride;
    const auto load_weights = [&](int step, Int(&ws)[registers]) {
      for (int panel = 0; panel < panels; ++panel)
        for (int part = 0; part < parts; ++part)
          ws[panel * parts + part] = load(w + panel * bytes_of_panel + step * 64 + part * int_lanes * 4);
    };
    if constexpr (together == 0) {
      for (int column = 0; column < columns; ++column)
        for (Int& s : sum[column]) s = start_int8(start[column]);
      KELVIN_UNROLL(4)
      for (int step = 0; step < steps; ++step) {
        Int ws[registers];
        load_weights(step, ws);
        for (int column = 0; column < columns; ++column) {
          const Int xs = splat_step(x + column * block_width + step * step_width);
          for (int r = 0; r < registers; ++r) sum[column][r] = add_int8_products(sum[column][r], ws[r], xs);
        }
      }
    } else {
      const Int ones = splat(0x00010001);
      if constexpr (together < steps)
        for (int column = 0; column < columns; ++column)
          for (Int& s : sum[column]) s = splat(start[column]);
      KELVIN_UNROLL(8)
      for (int first = 0; first < steps; first += together) {
        Int part[columns][registers];
        KELVIN_UNROLL(8)
        for (int i = 0; i < together; ++i) {
          Int ws[registers];
          load_weights(first + i, ws);
          for (int column = 0; column < columns; ++column) {
            const Int xs = splat_step(x + column * block_width + (first + i) * step_width);
            for (int r = 0; r < registers; ++r) {
              const Int product = multiply_add_bytes(ws[r], xs);
              part[column][r] = i == 0 ? product : add_int16(part[column][r], product);
              optimization_barrier(part[column][r]);
            }
          }
        }
        for (int column = 0; column < columns; ++column)
          for (int r = 0; r < registers; ++r) {
            const Int wide = multiply_add_int16(part[column][r], ones);
            sum[column][r] = add(wide, together < steps ? sum[column][r] : splat(start[column]));
          }
      }
    }
    const float* const scales = call.scale + group * sums_stride;
    float* sums = call.sums;
    KELVIN_UNROLL(8)
    for (int token = 0; token < tokens; ++token, sums += sums_stride) {
      const Float x_scale = splat_float(call.x_scale[group * call.tokens + token]);
      KELVIN_UNROLL(8)
      for (int r = 0; r < registers; ++r) {
        Int product = sum[token * planes][r];
        if constexpr (planes == 2) product = add(shift_left(product, 8), sum[token * planes + 1][r]);
        const Float scale = multiply(load_float(scales + r * int_lanes), x_scale);
        Float y = keep ? kept[token][r] : load_float(sums + r * int_lanes);
        y = multiply_add(to_float(product), scale, y);
        if (call.minimum)
          y = multiply_add(load_float(call.minimum + group * sums_stride + r * int_lanes),
                           splat_float(call.x_sum[group * call.tokens + token]), y);
        if constexpr (keep)
          kept[token][r] = y;
        else
          store_float(sums + r * int_lanes, y);
      }
    }
    w += steps * 64;
    x += steps * step_width;
  }
  if constexpr (keep)
    for (int token = 0; token < tokens; ++token)
      for (int r = 0; r < registers; ++r)
        store_float(call.sums + token * sums_stride + r * int_lanes, kept[token][r]);
}

// Without VNNI, sums of int32 at once are for a few tokens (micro_kernels_int16.h).
template <int steps, int together>
constexpr int columns_of_tile = byte_products_in_int16&& together == 0 ? 2
                                : together == 0                        ? max_columns_sub_blocks
                                : together == steps                    ? max_columns
                                                                       : max_columns_two_sums;

// In tiles of the most columns, then of one or two: each is a function of its own to compile.
template <int steps, int together, int planes, int panels>
void all_byte_columns(SubBlockCall call) {
  constexpr int max = columns_of_tile<steps, together> / planes * planes, few = max < 2 ? planes : 2;
  const auto pass = [&](auto multiply, int columns) {
    for (; call.columns >= columns; call.columns -= columns) {
      multiply(call);
      call.advance(columns, planes);
    }
  };
  if constexpr (max > few) pass(multiply_bytes<steps, together, planes, panels, max>, max);
  pass(multiply_bytes<steps, together, planes, panels, few>, few);
  if constexpr (planes == 1) pass(multiply_bytes<steps, together, 1, panels, 1>, 1);
}

template <int steps, int together, int planes>
void all_byte_panels(SubBlockCall call, int panels) {
  for (; panels >= tile_panels; panels -= tile_panels) {
    all_byte_columns<steps, together, planes, tile_panels>(call);
    call.bytes += tile_panels * bytes_of_panel;
    call.scale += tile_panels * panel_rows;
    if (call.minimum) call.minimum += tile_panels * panel_rows;
    call.sums += tile_panels * panel_rows;
  }
  if constexpr (tile_panels > 1)
    if (panels > 0) all_byte_columns<steps, together, planes, 1>(call);
}

using MultiplyBytes = void (*)(SubBlockCall call, int panels);

// By how many steps of two products each int16 can hold, of those that formats have.
template <int planes>
MultiplyBytes multiply_for(int group, int largest) {
  if constexpr (byte_products_in_int16) {
    const int together = ((1 << 15) - 1) / (2 * 127 * largest);
    if (group == 16 && together >= 4) return all_byte_panels<4, 4, planes>;
    if (group == 16 && together >= 2) return all_byte_panels<4, 2, planes>;
    if (group == 32 && together >= 8) return all_byte_panels<8, 8, planes>;
    if (group == 32 && together >= 4) return all_byte_panels<8, 4, planes>;
  }
  return group == 16 ? all_byte_panels<4, 0, planes> : all_byte_panels<8, 0, planes>;
}

// What the products take of some tokens' activations: of one block at a time, or of all blocks where a few tokens
// pass many panels.
struct SubBlockInputs {
  static constexpr int most = subs_per_block * sub_block_chunk;
  float scales[most], sums[most];
  std::int32_t starts[2 * most];

  // Tokens [first, first + count) of block `block`, whose groups are of `group` k; from place `at` on.
  void read(const QuantizedActivations& x, int block, int first, int count, int groups, int group, int zero,
            int at = 0) {
    const int planes = x.format.planes, subs = group / sub_width, half = 3 - subs;
    const std::size_t of_x = static_cast<std::size_t>(block_width / 32) * block;
    const int both = subs == 2 ? -1 : 0;
    for (int g = 0; g < groups; ++g) {
      const float* const from = x.scales + (of_x + g / half) * x.tokens + first;
      const std::size_t sub = static_cast<std::size_t>(block * subs_per_block + g * subs);
      const std::int32_t* const a = x.offsets + (sub * x.tokens + first) * planes;
      const std::int32_t* const b = a + (subs - 1) * static_cast<std::size_t>(x.tokens) * planes;
      std::int32_t* const start = starts + (at + g * count) * planes;
      float *const scale = scales + at + g * count, *const sum = sums + at + g * count;
      for (int i = 0; i < count * planes; ++i) start[i] = zero * (a[i] + (b[i] & both));
      for (int i = 0; i < count; ++i) scale[i] = from[i];
      // An offset is minus the sum of a group's codes.
      if (planes == 1)
        for (int i = 0; i < count; ++i) sum[i] = from[i] * static_cast<float>(-(a[i] + (b[i] & both)));
      else
        for (int i = 0; i < count; ++i) {
          const std::int32_t high = a[2 * i] + (b[2 * i] & both), low = a[2 * i + 1] + (b[2 * i + 1] & both);
          sum[i] = from[i] * static_cast<float>(-(256 * high + low));
        }
    }
  }
};

// Scales and minima of some panels within a block of up to 256 k.
struct SubBlockScales {
  alignas(64) float scales[max_groups][sums_stride], minima[max_groups][sums_stride];
};

// Some panels at a time, all their blocks in order. `unpack` makes the codes of a panel what `multiply` takes.
template <class Unpack, class Multiply>
void for_all_sub_blocks(const QuantizedMatmul& m, Unpack unpack, Multiply multiply) {
  const PackedFormat& format = *m.format;
  const QuantizedActivations& x = m.x;
  const int padded = padded_width(x.cols), blocks = (padded + block_width - 1) / block_width;
  const std::size_t bytes_per_panel = panel_bytes(format, x.cols);
  const std::size_t bytes_per_block = block_bytes(format, block_width);
  const int panels_together = x.tokens < many_tokens ? tile_panels : int{max_panels};
  const int bytes_at_once = panels_together * static_cast<int>(bytes_per_block);
  const int blocks_ahead = prefetch_distance / bytes_at_once + 1;
  float* const sums = m.scratch + unpacked_floats;
  SubBlockScales scales;
  for (int first = 0; first < m.rows; first += panels_together * panel_rows) {
    const int rows_left = m.rows - first, panels_left = (rows_left + panel_rows - 1) / panel_rows;
    const int panels = panels_left < panels_together ? panels_left : panels_together;
    const std::byte* const w = m.w + static_cast<std::size_t>(first / panel_rows) * bytes_per_panel;
    for (int t = 0; t < x.tokens; ++t)
      for (int r = 0; r < panels * panel_rows; ++r)
        sums[static_cast<std::size_t>(t) * sums_stride + r] = 0.0f;
    for (int b = 0; b < blocks; ++b) {
      const int left = padded - b * block_width, width = left < block_width ? left : block_width;
      for (int p = 0; p < panels; ++p) {
        const std::byte* const block =
            w + p * bytes_per_panel + static_cast<std::size_t>(b) * bytes_per_block;
        // Some blocks on; behind the last one those of the next panels.
        const int ahead = b + blocks_ahead, over = ahead < blocks ? 0 : panels;
        const std::byte* const later =
            w + (p + over) * bytes_per_panel +
            static_cast<std::size_t>(over ? ahead - blocks : ahead) * bytes_per_block;
        for (int line = 0; line < format.header_bytes; line += 64) prefetch<1>(later + line);
        unpack_scales(format, block, width / format.group, scales.scales[0] + p * panel_rows,
                      scales.minima[0] + p * panel_rows);
        unpack(p, block + format.header_bytes, later + format.header_bytes, width);
      }
      multiply(b, width / format.group, panels, scales, sums);
    }
    write_rows(m, first, rows_left < panels * panel_rows ? rows_left : panels * panel_rows, sums);
  }
}

inline void matmul_sub_blocks_of_tokens(const QuantizedMatmul& m) {
  const PackedFormat& format = *m.format;
  const SubBlocks& codes = *format.sub_blocks;
  const QuantizedActivations& x = m.x;
  const int planes = x.format.planes;
  const UnpackCodes unpack = unpack_for(codes);
  const MultiplyBytes multiply = planes == 2 ? multiply_for<2>(format.group, codes.largest)
                                             : multiply_for<1>(format.group, codes.largest);
  std::byte* const bytes = reinterpret_cast<std::byte*>(m.scratch);
  SubBlockInputs inputs;
  const int padded = padded_width(x.cols), groups_of_block = groups_of(format);
  const bool at_once = (padded + block_width - 1) / block_width * x.tokens <= sub_block_chunk;
  for (int block = 0, left = padded; at_once && left > 0; ++block, left -= block_width) {
    const int groups = left < block_width ? left / format.group : groups_of_block;
    inputs.read(x, block, 0, x.tokens, groups, format.group, codes.zero, block * groups_of_block * x.tokens);
  }
  for_all_sub_blocks(
      m,
      [&](int panel, const std::byte* lines, const std::byte* prefetched, int width) {
        unpack(codes, lines, prefetched, width, bytes + panel * bytes_of_panel);
      },
      [&](int block, int groups, int panels, const SubBlockScales& scales, float* sums) {
        SubBlockCall call;
        call.bytes = bytes;
        call.groups = groups;
        const int at = at_once ? block * groups_of_block * x.tokens : 0;
        call.x_scale = inputs.scales + at;
        call.x_sum = inputs.sums + at;
        call.start = inputs.starts + at * planes;
        call.scale = scales.scales[0];
        call.minimum = codes.minima ? scales.minima[0] : nullptr;
        for (int token = 0; token < x.tokens; token += sub_block_chunk) {
          const int some = x.tokens - token < sub_block_chunk ? x.tokens - token : sub_block_chunk;
          if (!at_once) inputs.read(x, block, token, some, groups, format.group, codes.zero);
          call.tokens = some;
          call.columns = call.start_stride = some * planes;
          call.x = x.codes + (static_cast<std::size_t>(block) * x.tokens + token) * planes * block_width;
          call.sums = sums + static_cast<std::size_t>(token) * sums_stride;
          multiply(call, panels);
        }
      });
}

}  // namespace
}  // namespace kelvin::kernels
