// What tests of quantised weights share.
#pragma once

#include <vector>

#include "engine/forward/quantized_activations.h"
#include "engine/kernels/kernels.h"

namespace kelvin::test {

inline std::vector<const QuantizedKernels*> quantized_tables() {
  std::vector<const QuantizedKernels*> tables;
  for (const Kernels* table : supported_kernels()) tables.push_back(table->quantized);
  return tables;
}

constexpr ActivationFormat activation_formats[] = {activations_of_q4, activations_of_q8,
                                                   short_activations_of_q8};
// What a matrix may be multiplied with.
inline std::vector<ActivationFormat> formats_for(Storage storage) {
  if (storage == Storage::q4) return {activations_of_q4};
  return {activations_of_q8, short_activations_of_q8};
}

// Activations of several tokens quantised at once.
class QuantizedRows {
 public:
  QuantizedRows(const QuantizedKernels& kernels, const float* x, std::size_t x_stride, int tokens, int cols,
                ActivationFormat format) {
    buffer_.reserve(tokens, cols);
    view_ = buffer_.view(tokens, cols, format);
    for (int t = 0; t < tokens; ++t)
      kernels.quantize_activations(x + static_cast<std::size_t>(t) * x_stride, view_, t);
  }
  const QuantizedActivations& view() const { return view_; }
  // What the codes say.
  double value(int token, int k) const {
    const ActivationFormat format = view_.format;
    const int row = k / group_width * view_.tokens + token, span = k / format.span;
    const std::int8_t* code = view_.codes + row * format.planes * group_width + k % group_width;
    const int whole = format.planes == 2 ? code[0] * 256 + code[group_width] : code[0];
    return static_cast<double>(view_.scales[span * view_.tokens + token]) * whole;
  }

 private:
  ActivationBuffer buffer_;
  QuantizedActivations view_{};
};

}  // namespace kelvin::test
