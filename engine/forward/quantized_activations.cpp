#include "engine/forward/quantized_activations.h"

#include <algorithm>

namespace kelvin {
namespace {

constexpr int most_planes = 2, most_spans = groups_of_spans;

// (groups, tokens)
std::size_t slices(int tokens, int cols) {
  return (static_cast<std::size_t>(cols) + group_width - 1) / group_width * static_cast<std::size_t>(tokens);
}

std::size_t spans_of(ActivationFormat format) { return static_cast<std::size_t>(group_width / format.span); }
std::size_t planes_of(ActivationFormat format) { return static_cast<std::size_t>(format.planes); }

}  // namespace

ActivationFormat activation_format(Storage storage, ActivationBits bits) {
  if (storage == Storage::q4) return activations_of_q4;
  return bits == ActivationBits::sixteen ? activations_of_q8 : short_activations_of_q8;
}

void ActivationBuffer::reserve(int tokens, int cols) {
  constexpr std::size_t per_slice = group_width * most_planes + most_spans * sizeof(float) +
                                    (most_spans * most_planes + groups_of_subs) * sizeof(std::int32_t);
  const std::size_t bytes = slices(tokens, cols) * per_slice + activation_slack;
  if (memory_.size() >= bytes) return;
  memory_ = {};
  memory_ = AlignedBuffer(bytes);
}

QuantizedActivations ActivationBuffer::view(int tokens, int cols, ActivationFormat format) {
  const std::size_t n = slices(tokens, cols), planes = planes_of(format), spans = spans_of(format);
  std::byte* at = memory_.data();
  QuantizedActivations view{};
  view.format = format;
  view.tokens = tokens;
  view.cols = cols;
  view.codes = reinterpret_cast<std::int8_t*>(at);
  view.sub_offsets = reinterpret_cast<std::int32_t*>(at += n * planes * group_width + activation_slack);
  view.scales = reinterpret_cast<float*>(at += n * groups_of_subs * sizeof(std::int32_t));
  view.offsets = reinterpret_cast<std::int32_t*>(at + n * spans * sizeof(float));
  return view;
}

QuantizedActivations rows_of(const QuantizedActivations& all, int first, int count) {
  const std::size_t before = slices(first, all.cols);
  const std::size_t planes = planes_of(all.format), spans = spans_of(all.format);
  QuantizedActivations part = all;
  part.tokens = count;
  part.codes += before * planes * group_width;
  part.scales += before * spans;
  part.offsets += before * spans * planes;
  part.sub_offsets += before * groups_of_subs;
  return part;
}

QuantizedActivations group_of(const QuantizedActivations& all, int group) {
  const std::size_t before = static_cast<std::size_t>(group) * static_cast<std::size_t>(all.tokens);
  const std::size_t planes = planes_of(all.format), spans = spans_of(all.format);
  QuantizedActivations part = all;
  part.cols = std::min(all.cols - group * group_width, int{group_width});
  part.codes += before * planes * group_width;
  part.scales += before * spans;
  part.offsets += before * spans * planes;
  part.sub_offsets += before * groups_of_subs;
  return part;
}

}  // namespace kelvin
