// What tests of quantised weights share.
#pragma once

#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/quantized_activations.h"

namespace kelvin::test {

inline std::vector<const QuantizedKernels*> quantized_tables() {
  std::vector<const QuantizedKernels*> tables;
  for (const Kernels* table : supported_kernels()) tables.push_back(table->quantized);
  return tables;
}

// Activations of several tokens quantised at once.

class QuantizedRows {
 public:
  QuantizedRows(const QuantizedKernels& kernels, const float* x, std::size_t x_stride, int tokens, int cols) {
    buffer_.reserve(tokens, cols);
    view_ = buffer_.view(tokens, cols);
    for (int t = 0; t < tokens; ++t)
      kernels.quantize_activations(x + static_cast<std::size_t>(t) * x_stride, view_, t);
  }
  const QuantizedActivations& view() const { return view_; }

 private:
  ActivationBuffer buffer_;
  QuantizedActivations view_{};
};

}  // namespace kelvin::test
