// Stored numbers to the two formats weights are computed with.
#pragma once

#include <cstddef>

#include "engine/weights/weights.h"
#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

// True for F32, F16, BF16 and the quantised formats of GGUF.
bool is_weight_dtype(Dtype dtype);

// Whether `storage` holds the numbers as the file does.
bool same_format(Dtype dtype, Storage storage);

// What holds the numbers of a weight dtype exactly in the fewest bytes: bf16 as it is, others as f32.
Storage exact_storage(Dtype dtype);

// Writes `count` numbers (whole blocks) to `to` (aligned to its element). `from` may have any alignment.
// Widening is exact; all but BF16 to bf16 round to nearest, ties to even. `dtype` must be a weight dtype.
void convert(Dtype dtype, const std::byte* from, std::size_t count, Storage storage, void* to);

}  // namespace kelvin
