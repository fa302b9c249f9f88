// Exact weights to packed ones.
#pragma once

#include <cstddef>

#include "engine/weights/packed.h"
#include "engine/weights/weights.h"

namespace kelvin {

struct Kernels;
struct QuantizedKernels;
class ThreadTeam;
namespace engine {
class ErrorFeedback;
}

// Packs `from` row by row and block by block: the scales (and in q4 the sub-scales) are searched for the
// least squared error. The result depends on the weights alone, not on the table or the number of threads. A
// row's block that holds NaN or infinity becomes NaN.
void quantize(Storage format, const Matrix& from, const QuantizedKernels& kernels, ThreadTeam& team,
              std::byte* packed);  // (packed_bytes(format, from.rows, from.cols),)

// The same for the least squared error of what the matrix says about the inputs `feedback`, of from.cols
// columns, was made from: an error is made good by the columns after it.
void quantize(Storage format, const Matrix& from, const Kernels& kernels,
              const engine::ErrorFeedback& feedback, ThreadTeam& team, std::byte* packed);

}  // namespace kelvin
