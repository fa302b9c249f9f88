// Exact weights to packed ones.
#pragma once

#include <cstddef>

#include "engine/packed.h"
#include "engine/weights.h"

namespace kelvin {

struct QuantizedKernels;

// Packs `from` row by row and group by group: the scales (and in q4 the sub-scales) are searched for the
// least squared error. The result depends on the weights alone, not on the table or the number of threads. A
// row's group that holds NaN or infinity becomes NaN.
void quantize(Storage format, const Matrix& from, const QuantizedKernels& kernels, int threads,
              std::byte* packed);  // (packed_bytes(format, from.rows, from.cols),)

}  // namespace kelvin
