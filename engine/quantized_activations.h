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

}  // namespace kelvin
