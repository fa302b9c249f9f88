// GGUF's blocks of quantised numbers to float32. Each number is the exact value its definition gives, rounded
// once. Layouts as in https://github.com/ggml-org/llama.cpp (ggml-common.h) and gguf-py (quants.py).
#pragma once

#include <cstddef>

#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

// True for the formats above.
bool is_quantized(Dtype dtype);

// Writes `count` numbers, a multiple of the block's, to `to`. `from` may have any alignment.
void dequantize(Dtype dtype, const std::byte* from, std::size_t count, float* to);

}  // namespace kelvin
