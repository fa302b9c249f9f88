#include "engine/weights/packed.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "engine/kernels/packed_formats.h"
#include "engine/kernels/sub_blocks.h"

namespace kelvin {
namespace {

using kernels::block_width, kernels::max_groups, kernels::packed_formats, kernels::panel_rows,
    kernels::sub_block_formats;

constexpr std::size_t exact_storages = static_cast<std::size_t>(first_packed),
                      before_files = static_cast<std::size_t>(first_of_files);
static_assert(before_files == exact_storages + std::size(packed_formats) &&
              std::size(storages) == before_files);
static_assert(static_cast<std::size_t>(last_storage) + 1 == before_files + std::size(sub_block_formats));

}  // namespace

const kernels::PackedFormat& format_of(Storage packed) {
  const std::size_t index = static_cast<std::size_t>(packed);
  return is_of_files(packed) ? sub_block_formats[index - before_files]
                             : *packed_formats[index - exact_storages];
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
    float scales[max_groups], minima[max_groups];
    std::int16_t integers[block_width];
    format.read_row(format, block, row % panel_rows, width, scales, minima, integers);
    for (int k = 0; k < n; ++k) out[first + k] = scales[k / format.group] * static_cast<float>(integers[k]);
    // The product above is exact where there are minima, so that the sum is rounded once.
    if (format.sub_blocks && format.sub_blocks->minima)
      for (int k = 0; k < n; ++k) out[first + k] += minima[k / format.group];
    block += kernels::block_bytes(format, width);
  }
}

}  // namespace kelvin
