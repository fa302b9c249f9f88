#include "engine/quantized_activations.h"

namespace kelvin {
namespace {

// (groups, planes, tokens)
std::size_t slices(int tokens, int cols) {
  return (static_cast<std::size_t>(cols) + group_width - 1) / group_width * activation_planes *
         static_cast<std::size_t>(tokens);
}

}  // namespace

void ActivationBuffer::reserve(int tokens, int cols) {
  constexpr std::size_t per_slice =
      group_width + (groups_of_subs + groups_of_spans + 1) * sizeof(std::int32_t) + sizeof(float);
  const std::size_t bytes = slices(tokens, cols) * per_slice + activation_slack;
  if (memory_.size() >= bytes) return;
  memory_ = {};
  memory_ = AlignedBuffer(bytes);
}

QuantizedActivations ActivationBuffer::view(int tokens, int cols) {
  const std::size_t n = slices(tokens, cols);
  std::byte* at = memory_.data();
  QuantizedActivations view{};
  view.tokens = tokens;
  view.cols = cols;
  view.codes = reinterpret_cast<std::int8_t*>(at);
  view.sub_offsets = reinterpret_cast<std::int32_t*>(at += n * group_width + activation_slack);
  view.span_offsets = reinterpret_cast<std::int32_t*>(at += n * groups_of_subs * sizeof(std::int32_t));
  view.scales = reinterpret_cast<float*>(at += n * groups_of_spans * sizeof(std::int32_t));
  view.offsets = reinterpret_cast<std::int32_t*>(at + n * sizeof(float));
  return view;
}

QuantizedActivations rows_of(const QuantizedActivations& all, int first, int count) {
  const std::size_t before = slices(first, all.cols);
  QuantizedActivations part = all;
  part.tokens = count;
  part.codes += before * group_width;
  part.scales += before;
  part.offsets += before;
  part.sub_offsets += before * groups_of_subs;
  part.span_offsets += before * groups_of_spans;
  return part;
}

}  // namespace kelvin
