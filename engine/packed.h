// Packed matrices: their sizes, and rows read back. The layout is described in kernels/quantized.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kelvin {

enum class PackedFormat : std::uint8_t { q8, q4 };

const char* name_of(PackedFormat format);

// Bytes of one panel of 16 rows, and of a whole matrix. rows, cols >= 1.
std::size_t packed_panel_bytes(PackedFormat format, int cols);
std::size_t packed_bytes(PackedFormat format, int rows, int cols);

// One row of a packed matrix as numbers: scale * code, and scale * (sub-scale * code), each rounded once.
void unpack_row(PackedFormat format,
                const std::byte* packed,  // (packed_bytes(format, rows, cols),)
                int row, int cols,
                float* out);  // (cols,)

}  // namespace kelvin
