// Packed matrices: their formats, their sizes, and rows read back. kernels/quantized.h describes the layout,
// kernels/packed_formats.h the formats.
#pragma once

#include <cstddef>

#include "engine/weights/storage.h"

namespace kelvin {

namespace kernels {
struct PackedFormat;
}

// The row that describes a packed storage.
const kernels::PackedFormat& format_of(Storage packed);

// Bytes of one panel of 16 rows, and of a whole matrix. rows, cols >= 1.
std::size_t packed_panel_bytes(Storage format, int cols);
std::size_t packed_bytes(Storage format, int rows, int cols);

// One row of a packed matrix as numbers: scale * integer (+ minimum), rounded once.
void unpack_row(Storage format,
                const std::byte* packed,  // (packed_bytes(format, rows, cols),)
                int row, int cols,
                float* out);  // (cols,)

}  // namespace kelvin
