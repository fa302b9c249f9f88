#include "engine/quantize/tile_products.h"

#include <algorithm>

namespace kelvin::engine {

TileIndex tile_at(int index) {
  int col = 0;
  while (index > col) index -= ++col;
  return {index, col};
}

void add_products(const Kernels& kernels, const RowProducts& rows, float factor, float* to,
                  std::size_t to_stride) {
  // Rows of b that stay in L1 while all of a pass.
  constexpr int strip = 32;
  alignas(64) float sums[tile_width * strip];
  for (int first = 0; first < rows.b_rows; first += strip) {
    kernels::FloatMatmul m;
    m.w = rows.b + static_cast<std::size_t>(first) * static_cast<std::size_t>(rows.length);
    m.rows = std::min(strip, rows.b_rows - first);
    m.cols = rows.length;
    m.x = rows.a;
    m.x_stride = rows.a_stride;
    m.tokens = rows.a_rows;
    m.y = sums;
    m.y_stride = strip;
    kernels.matmul_f32(m);
    for (int i = 0; i < rows.a_rows; ++i) {
      float* const row = to + static_cast<std::size_t>(i) * to_stride + first;
      for (int j = 0; j < m.rows; ++j) row[j] += factor * sums[i * strip + j];
    }
  }
}

}  // namespace kelvin::engine
