#include "engine/quantize.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

float widen(float x) { return x; }
float widen(std::uint16_t bf16) { return std::bit_cast<float>(static_cast<std::uint32_t>(bf16) << 16); }

// Up to 16 rows and `width` columns, rows side by side, filled up with zeros.
template <class Element>
void gather(const Matrix& from, int row, int col, int width, float* w) {  // w: (width, 16)
  const int rows = std::min(panel_rows, from.rows - row), cols = std::min(width, from.cols - col);
  if (rows < panel_rows || cols < width) std::fill_n(w, width * panel_rows, 0.0f);
  for (int r = 0; r < rows; ++r) {
    const Element* source =
        static_cast<const Element*>(from.data) + static_cast<std::size_t>(row + r) * from.cols + col;
    for (int k = 0; k < cols; ++k) w[k * panel_rows + r] = widen(source[k]);
  }
}

}  // namespace

void quantize(Storage format, const Matrix& from, const QuantizedKernels& kernels, int threads,
              std::byte* packed) {
  const std::size_t panel_bytes = packed_panel_bytes(format, from.cols);
  const int panels = (from.rows + panel_rows - 1) / panel_rows;
  const auto pack = format == Storage::q8 ? kernels.pack_q8 : kernels.pack_q4;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
  for (int panel = 0; panel < panels; ++panel) {
    alignas(64) float w[group_width * panel_rows];
    std::byte* block = packed + static_cast<std::size_t>(panel) * panel_bytes;
    for (int col = 0; col < from.cols; col += group_width) {
      const int left = std::min(group_width, from.cols - col);
      const int width = (left + k_padding - 1) / k_padding * k_padding;
      if (from.storage == Storage::bf16)
        gather<std::uint16_t>(from, panel * panel_rows, col, width, w);
      else
        gather<float>(from, panel * panel_rows, col, width, w);
      pack(w, width, block);
      block += packed_panel_bytes(format, width);
    }
  }
}

}  // namespace kelvin
