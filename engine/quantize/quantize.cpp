#include "engine/quantize/quantize.h"

#include <algorithm>

#include "engine/kernels/quantized.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/panel_columns.h"

namespace kelvin {
namespace {

using kernels::block_width, kernels::panel_rows;

}  // namespace

void quantize(Storage format, const Matrix& from, const QuantizedKernels& kernels, int threads,
              std::byte* packed) {
  const std::size_t panel_bytes = packed_panel_bytes(format, from.cols);
  const int panels = (from.rows + panel_rows - 1) / panel_rows;
  const auto pack = (kernels.*format_of(format).kernels).pack;
  ThreadTeam(threads).parallel_for(panels, [&](int panel) {
    alignas(64) float w[block_width * panel_rows];
    std::byte* block = packed + static_cast<std::size_t>(panel) * panel_bytes;
    for (int col = 0; col < from.cols; col += block_width) {
      const int width = kernels::padded_width(std::min(block_width, from.cols - col));
      engine::gather_columns(from, panel, col, width, w);
      pack(w, width, block, nullptr);
      block += packed_panel_bytes(format, width);
    }
  });
}

}  // namespace kelvin
