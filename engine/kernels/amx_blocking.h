// Products in tiles of 16 tokens x 16 rows, four at a time: 32 tokens and two panels, 64 k per step. `Tiles`
// is the processor's tile unit or a model of it; included after quantized_groups.h.
//   zero_sums()
//   load_x(x0, x1)      two tiles of 16 tokens x 64 k, group_width bytes from token to token
//   load_w(w0, w1)      two tiles of 16 steps x 64 bytes (16 rows x 4 k, weight + 128)
//   multiply()          sum[i][j] += x_i w_j, signed times unsigned bytes
//   store_sums(sums)    (2, 2, 16 tokens, 16 rows)
#pragma once

namespace kelvin {
namespace {

constexpr int tile_tokens = 16;

inline void add_tile_to_sums(const std::int32_t (&dot)[tile_tokens][panel_rows], const Tile& t,
                             int first_token, int tokens, int panel) {
  const float* scale = t.scale + panel * panel_rows;
  for (int i = 0; i < tile_tokens && first_token + i < tokens; ++i) {
    const int token = first_token + i;
    float* sums = t.sums + static_cast<std::size_t>(token) * sums_stride + panel * panel_rows;
    for (int r = 0; r < panel_rows; ++r) {
      const float product = static_cast<float>(dot[i][r] + t.x_offset[token]);
      sums[r] = __builtin_fmaf(product, scale[r] * t.x_scale[token], sums[r]);
    }
  }
}

// One group of k. Up to 31 tokens behind the last one are read and their products dropped.
template <class Tiles>
void multiply_group_in_tiles(Tiles& tiles, const Tile& t, int panels, int tokens) {
  constexpr int steps = 16;  // of 4 k, in a tile
  alignas(64) std::int32_t dot[2][2][tile_tokens][panel_rows];
  for (int token = 0; token < tokens; token += 2 * tile_tokens) {
    const std::int8_t* x = t.x + static_cast<std::size_t>(token) * group_width;
    for (int panel = 0; panel < panels; panel += 2) {
      const std::byte* w0 = t.w + panel * t.w_stride;
      const std::byte* w1 = panel + 1 < panels ? w0 + t.w_stride : w0;
      tiles.zero_sums();
      for (int step = 0; step < t.steps; step += steps) {
        const std::int8_t* xs = x + step * step_width;
        tiles.load_x(xs, xs + tile_tokens * group_width);
        tiles.load_w(w0 + step * 64, w1 + step * 64);
        tiles.multiply();
      }
      tiles.store_sums(dot);
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2 && panel + j < panels; ++j)
          add_tile_to_sums(dot[i][j], t, token + i * tile_tokens, tokens, panel + j);
    }
  }
}

}  // namespace
}  // namespace kelvin
