// q8 (packed_formats.h) in plain loops: the specification of its bytes and of how they are found.
#include <initializer_list>

#include "engine/kernels/packed_formats.h"
#include "engine/kernels/packing_scalar.h"

namespace kelvin::kernels {

void read_row_q8(const PackedFormat&, const std::byte* block, int row, int width, float* scales, float*,
                 std::int16_t* integers) {
  for (int first = 0; first < width; first += q8_format.group)
    scales[first / q8_format.group] =
        scalar::read_bfloat16(block + 2 * (first / q8_format.group * panel_rows + row));
  const std::byte* bytes = block + q8_format.header_bytes + row * step_width;
  for (int k = 0; k < width; ++k)
    integers[k] =
        static_cast<std::int16_t>(static_cast<int>(bytes[k / step_width * 64 + k % step_width]) - 128);
}

namespace {

constexpr scalar::CodeRange q8_codes{-127.0f, 127.0f};

// The scale that fits one group best.
float q8_scale(const scalar::Row& w, int first) {
  float largest = 0.0f;
  for (int k = first; k < first + q8_format.group; ++k)
    if (scalar::size_of(w[k]) > largest) largest = scalar::size_of(w[k]);
  // The last ones cut off the largest weights.
  float best_gain = 0.0f, best_scale = 0.0f;
  for (const float steps : {127.0f, 127.49f, 128.5f, 130.5f}) {
    const float scale = largest / steps;
    const scalar::Fit fit(w, first, q8_format.group, scale, q8_codes);
    if (!(fit.gain(scale) > best_gain)) continue;
    best_gain = fit.gain(scale);
    best_scale = fit.wc / fit.cc;
  }
  return scalar::to_bfloat16(best_scale);
}

void pack_row_q8(float* weights, int width, int row, std::byte* block, const BlockFeedback* feedback) {
  const scalar::Row w(weights, width, row);
  const scalar::ErrorFeedbackState state(feedback, w, width);
  for (int first = 0; first < block_width; first += q8_format.group) {
    std::byte* const scale_at = block + 2 * (first / q8_format.group * panel_rows + row);
    if (first >= width) {
      w.store_scale(0.0f, scale_at);
      continue;
    }
    state.bring_up(first, q8_format.group);
    const float scale = q8_scale(w, first);
    w.store_scale(scale, scale_at);
    state.round_in_turn(first, q8_format.group, scale, q8_codes);
    const float inverse = scalar::inverse_of(scale);
    for (int k = first; k < first + q8_format.group; ++k)
      block[q8_format.header_bytes + k / step_width * 64 + row * step_width + k % step_width] =
          static_cast<std::byte>(static_cast<int>(q8_codes.code(w[k], inverse)) + 128);
  }
  state.finish();
}

}  // namespace

void pack_q8_scalar(float* w, int width, std::byte* block, const BlockFeedback* feedback) {
  for (int row = 0; row < panel_rows; ++row) pack_row_q8(w, width, row, block, feedback);
}

}  // namespace kelvin::kernels
