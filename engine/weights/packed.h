// Packed matrices (q8 and q4): their sizes, and rows read back. The layout is described in
// kernels/quantized.h.
#pragma once

#include <cstddef>

#include "engine/weights/storage.h"

namespace kelvin {

// Bytes of one panel of 16 rows, and of a whole matrix. rows, cols >= 1.
std::size_t packed_panel_bytes(Storage format, int cols);
std::size_t packed_bytes(Storage format, int rows, int cols);

// One row of a packed matrix as numbers: scale * code, and scale * (sub-scale * code), each rounded once.
void unpack_row(Storage format,
                const std::byte* packed,  // (packed_bytes(format, rows, cols),)
                int row, int cols,
                float* out);  // (cols,)

}  // namespace kelvin
