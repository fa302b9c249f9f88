// Products in tiles of 16 columns x 16 rows, four at a time: 32 columns and two panels, 64 k at a time.
// `Tiles` is the processor's tile unit or a model of it; included after quantized_blocks.h.
//   zero_sums()
//   load_x(x0, x1)      two tiles of 16 columns x 64 k, block_width bytes from column to column
//   load_w(w0, w1)      two tiles of 16 steps x 64 bytes (16 rows x 4 k, weight + 128)
//   multiply()          sum[i][j] += x_i w_j, signed times unsigned bytes
//   store_sums(sums)    (2, 2, 16 columns, 16 rows)
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

constexpr int tile_columns = 16;

inline void add_tile_to_sums(const std::int32_t (&dot)[tile_columns][panel_rows], const KernelCall& call,
                             int group, int first_column, int panel) {
  const float* scale = call.scale + group * sums_stride + panel * panel_rows;
  const std::int32_t* offset = call.x_offset + group * call.columns();
  for (int i = 0; i < tile_columns && first_column + i < call.columns(); i += call.planes) {
    const int column = first_column + i, token = column / call.planes;
    const float x_scale = call.x_scale[group * call.tokens + token];
    float* sums = call.sums + static_cast<std::size_t>(token) * sums_stride + panel * panel_rows;
    for (int r = 0; r < panel_rows; ++r) {
      std::int32_t sum = dot[i][r] + offset[column];
      if (call.planes == 2) sum = sum * 256 + dot[i + 1][r] + offset[column + 1];
      sums[r] = __builtin_fmaf(static_cast<float>(sum), scale[r] * x_scale, sums[r]);
    }
  }
}

// One block of k. Up to 31 columns behind the last one are read and their products dropped.
template <class Tiles>
void multiply_block_in_tiles(Tiles& tiles, const KernelCall& call, int panels) {
  constexpr int tile_steps = 16;  // of 4 k
  alignas(64) std::int32_t dot[2][2][tile_columns][panel_rows];
  for (int column = 0; column < call.columns(); column += 2 * tile_columns)
    for (int panel = 0; panel < panels; panel += 2) {
      const std::int8_t* x = call.x + static_cast<std::size_t>(column) * block_width;
      const std::byte* w0 = call.w + panel * call.panel_stride;
      const std::byte* w1 = panel + 1 < panels ? w0 + call.panel_stride : w0;
      for (int group = 0; group < call.groups; ++group) {
        tiles.zero_sums();
        for (int step = 0; step < call.steps; step += tile_steps) {
          tiles.load_x(x, x + tile_columns * block_width);
          tiles.load_w(w0, w1);
          tiles.multiply();
          x += tile_steps * step_width;
          w0 += tile_steps * 64;
          w1 += tile_steps * 64;
        }
        tiles.store_sums(dot);
        for (int i = 0; i < 2; ++i)
          for (int j = 0; j < 2 && panel + j < panels; ++j)
            add_tile_to_sums(dot[i][j], call, group, column + i * tile_columns, panel + j);
      }
    }
}

}  // namespace
}  // namespace kelvin::kernels
