#include "engine/weights/packed.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "engine/kernels/packed_formats.h"

namespace kelvin {
namespace {

using kernels::block_width, kernels::max_groups, kernels::packed_formats, kernels::panel_rows;

constexpr std::size_t exact_storages = static_cast<std::size_t>(first_packed);
static_assert(std::size(storages) == exact_storages + std::size(packed_formats));

}  // namespace

const kernels::PackedFormat& format_of(Storage packed) {
  return *packed_formats[static_cast<std::size_t>(packed) - exact_storages];
}

std::size_t packed_panel_bytes(Storage format, int cols) {
  return kernels::panel_bytes(format_of(format), cols);
}

std::size_t packed_bytes(Storage format, int rows, int cols) {
  return (static_cast<std::size_t>(rows) + panel_rows - 1) / panel_rows * packed_panel_bytes(format, cols);
}

void unpack_row(Storage storage, const std::byte* packed, int row, int cols, float* out) {
  const kernels::PackedFormat& format = format_of(storage);
  const std::byte* block =
      packed + static_cast<std::size_t>(row / panel_rows) * kernels::panel_bytes(format, cols);
  for (int first = 0; first < cols; first += block_width) {
    const int n = std::min(cols - first, int{block_width}), width = kernels::padded_width(n);
    float scales[max_groups];
    std::int16_t integers[block_width];
    format.read_row(block, row % panel_rows, width, scales, integers);
    for (int k = 0; k < n; ++k) out[first + k] = scales[k / format.group] * static_cast<float>(integers[k]);
    block += kernels::block_bytes(format, width);
  }
}

}  // namespace kelvin
