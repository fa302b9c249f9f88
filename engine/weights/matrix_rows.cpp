#include "engine/weights/matrix_rows.h"

#include <algorithm>
#include <cstdint>

#include "engine/weights/half.h"
#include "engine/weights/packed.h"

namespace kelvin {

void read_row(const Matrix& matrix, int row, float* out) {
  const std::size_t n = static_cast<std::size_t>(matrix.cols), start = static_cast<std::size_t>(row) * n;
  switch (matrix.storage) {
    case Storage::f32:
      std::copy_n(static_cast<const float*>(matrix.data) + start, n, out);
      break;
    case Storage::bf16:
      std::transform(static_cast<const std::uint16_t*>(matrix.data) + start,
                     static_cast<const std::uint16_t*>(matrix.data) + start + n, out, engine::bf16_to_f32);
      break;
    default:
      unpack_row(matrix.storage, static_cast<const std::byte*>(matrix.data), row, matrix.cols, out);
      break;
  }
}

}  // namespace kelvin
