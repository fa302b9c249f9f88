#include "engine/quantized_activations.h"

namespace kelvin {

void ActivationBuffer::shape(int tokens, int cols) {
  const std::size_t groups = (static_cast<std::size_t>(cols) + group_width - 1) / group_width;
  const std::size_t slices = groups * static_cast<std::size_t>(tokens);  // (groups, tokens)
  const std::size_t codes = slices * group_width + activation_slack;
  const std::size_t sub_offsets = slices * groups_of_subs * sizeof(std::int32_t);
  const std::size_t bytes = codes + sub_offsets + slices * (sizeof(float) + sizeof(std::int32_t));
  if (memory_.size() < bytes) memory_ = AlignedBuffer(bytes);
  std::byte* at = memory_.data();
  view_.tokens = tokens;
  view_.cols = cols;
  view_.codes = reinterpret_cast<std::int8_t*>(at);
  view_.sub_offsets = reinterpret_cast<std::int32_t*>(at += codes);
  view_.scales = reinterpret_cast<float*>(at += sub_offsets);
  view_.offsets = reinterpret_cast<std::int32_t*>(at + slices * sizeof(float));
}

void ActivationBuffer::quantize(const QuantizedKernels& kernels, const float* x, std::size_t x_stride,
                                int tokens, int cols) {
  shape(tokens, cols);
  kernels.quantize_activations(x, x_stride, view_);
}

}  // namespace kelvin
