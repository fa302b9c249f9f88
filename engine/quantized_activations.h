// Room for quantised activations.
#pragma once

#include "engine/kernels/quantized.h"
#include "engine/tensor.h"

namespace kelvin {

class ActivationBuffer {
 public:
  // Room for `tokens` rows of up to `cols`; what it held is lost. tokens, cols >= 1.
  void reserve(int tokens, int cols);
  // The buffer's start as (tokens, cols), which must fit what was reserved.
  QuantizedActivations view(int tokens, int cols);

 private:
  AlignedBuffer memory_;
};

// Room for rows [first, first + count) of `all` as a matrix of their own, for rows that pass another matrix
// than their neighbours. Rows are then read and written through such parts only.
QuantizedActivations rows_of(const QuantizedActivations& all, int first, int count);

}  // namespace kelvin
