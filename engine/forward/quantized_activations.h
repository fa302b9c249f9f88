// Room for quantised activations, and how many bits which of them get.
#pragma once

#include "engine/kernels/quantized.h"
#include "engine/weights/aligned_buffer.h"
#include "engine/weights/storage.h"

namespace kelvin::engine {

// 16 bits is what weights of 8 bits get where 8 would be felt: kernels/README.md has the figures.
enum class ActivationBits { eight, sixteen };

// `storage` is a packed one.
kernels::ActivationFormat activation_format(Storage storage, ActivationBits bits);

class ActivationBuffer {
 public:
  // Room for `tokens` rows of up to `cols` in any format; what it held is lost. tokens, cols >= 1.
  void reserve(int tokens, int cols);
  // The buffer's start as (tokens, cols), which must fit what was reserved.
  kernels::QuantizedActivations view(int tokens, int cols, kernels::ActivationFormat format);

 private:
  AlignedBuffer memory_;
};

// Room for rows [first, first + count) of `all` as a matrix of their own, for rows that pass another matrix
// than their neighbours. Rows are then read and written through such parts only.
kernels::QuantizedActivations rows_of(const kernels::QuantizedActivations& all, int first, int count);
// Of all tokens the columns of one block of 256.
kernels::QuantizedActivations block_of(const kernels::QuantizedActivations& all, int block);

}  // namespace kelvin::engine
