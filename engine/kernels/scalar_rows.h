// A packed matrix row by row, for the specifications in plain loops.
#pragma once

#include <cstddef>

#include "engine/kernels/quantized.h"

namespace kelvin::kernels::scalar {

// `add_row` writes one row of a panel times all tokens to its last argument, (tokens,).
template <class AddRow>
void multiply_rows(const QuantizedMatmul& m, const PackedFormat& format, AddRow add_row) {
  for (int row = 0; row < m.rows; ++row) {
    const std::size_t panel = static_cast<std::size_t>(row / panel_rows);
    add_row(format, m.w + panel * panel_bytes(format, m.x.cols), row % panel_rows, m.x, m.scratch);
    for (int t = 0; t < m.x.tokens; ++t) {
      const float y = m.scratch[t];
      m.y[static_cast<std::size_t>(t) * m.y_stride + row] = m.bias ? y + m.bias[row] : y;
    }
  }
}

}  // namespace kelvin::kernels::scalar
