// Room for quantised activations.
#pragma once

#include "engine/kernels/quantized.h"
#include "engine/tensor.h"

namespace kelvin {

class ActivationBuffer {
 public:
  ActivationBuffer() = default;
  // Grows where needed; what it held is lost. tokens, cols >= 1.
  void shape(int tokens, int cols);
  void quantize(const QuantizedKernels& kernels,
                const float* x,  // (tokens, cols), x_stride floats from token to token
                std::size_t x_stride, int tokens, int cols);

  QuantizedActivations& view() { return view_; }
  const QuantizedActivations& view() const { return view_; }

 private:
  AlignedBuffer memory_;
  QuantizedActivations view_{};
};

}  // namespace kelvin
