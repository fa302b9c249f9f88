#include "engine/forward/quantized_activations.h"

#include <algorithm>

#include "engine/weights/packed.h"

namespace kelvin::engine {
namespace {

using kernels::ActivationFormat, kernels::QuantizedActivations, kernels::activation_slack,
    kernels::block_width, kernels::max_groups, kernels::subs_per_block;

constexpr int max_planes = 2;

// (blocks, tokens)
std::size_t slices(int tokens, int cols) {
  return (static_cast<std::size_t>(cols) + block_width - 1) / block_width * static_cast<std::size_t>(tokens);
}

std::size_t groups_of(ActivationFormat format) {
  return static_cast<std::size_t>(block_width / format.group);
}
// How many sums of codes there are for a block and a plane.
std::size_t sums_of(ActivationFormat format) {
  return format.group < kernels::min_group ? static_cast<std::size_t>(subs_per_block) : groups_of(format);
}
std::size_t planes_of(ActivationFormat format) { return static_cast<std::size_t>(format.planes); }

}  // namespace

ActivationFormat activation_format(Storage storage, ActivationBits bits) {
  const kernels::PackedFormat& format = format_of(storage);
  return bits == ActivationBits::sixteen ? format.activations : format.short_activations;
}

void ActivationBuffer::reserve(int tokens, int cols) {
  constexpr std::size_t per_slice = block_width * max_planes + max_groups * sizeof(float) +
                                    (max_groups * max_planes + subs_per_block) * sizeof(std::int32_t);
  const std::size_t bytes = slices(tokens, cols) * per_slice + activation_slack;
  if (memory_.size() >= bytes) return;
  memory_ = {};
  memory_ = AlignedBuffer(bytes);
}

QuantizedActivations ActivationBuffer::view(int tokens, int cols, ActivationFormat format) {
  const std::size_t n = slices(tokens, cols), planes = planes_of(format), groups = groups_of(format);
  std::byte* at = memory_.data();
  QuantizedActivations view{};
  view.format = format;
  view.tokens = tokens;
  view.cols = cols;
  view.codes = reinterpret_cast<std::int8_t*>(at);
  view.sub_offsets = reinterpret_cast<std::int32_t*>(at += n * planes * block_width + activation_slack);
  view.scales = reinterpret_cast<float*>(at += n * subs_per_block * sizeof(std::int32_t));
  view.offsets = reinterpret_cast<std::int32_t*>(at + n * groups * sizeof(float));
  return view;
}

QuantizedActivations rows_of(const QuantizedActivations& all, int first, int count) {
  const std::size_t before = slices(first, all.cols);
  const std::size_t planes = planes_of(all.format), groups = groups_of(all.format);
  QuantizedActivations part = all;
  part.tokens = count;
  part.codes += before * planes * block_width;
  part.scales += before * groups;
  part.offsets += before * sums_of(all.format) * planes;
  part.sub_offsets += before * subs_per_block;
  return part;
}

QuantizedActivations block_of(const QuantizedActivations& all, int block) {
  const std::size_t before = static_cast<std::size_t>(block) * static_cast<std::size_t>(all.tokens);
  const std::size_t planes = planes_of(all.format), groups = groups_of(all.format);
  QuantizedActivations part = all;
  part.cols = std::min(all.cols - block * block_width, int{block_width});
  part.codes += before * planes * block_width;
  part.scales += before * groups;
  part.offsets += before * sums_of(all.format) * planes;
  part.sub_offsets += before * subs_per_block;
  return part;
}

}  // namespace kelvin::engine
