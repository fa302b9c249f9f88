// packed_q8.cpp over vectors of rows; included after packing_vectors.h.
#pragma once

namespace kelvin::kernels {
namespace {

void pack_q8_group(const float* w, const NormalisedRows& normal, const ErrorFeedbackState& state, int first,
                   std::byte* scales, std::byte* weights) {
  state.bring_up(first, q8_format.group);
  Floats largest{};
  for (int k = 0; k < q8_format.group; ++k)
    largest = larger(size_of(load_floats(w + k * panel_rows)), largest);
  // The last ones cut off the largest weights.
  const Floats tried[] = {largest / 127.0f, largest / 127.49f, largest / 128.5f, largest / 130.5f};
  Fit fit[4];
  fit_codes(w, q8_format.group, tried, -127.0f, 127.0f, fit);
  Floats best_gain{}, best_scale{};
  for (int i = 0; i < 4; ++i) {
    const Floats gain = fit[i].gain(tried[i]);
    const Ints better = gain > best_gain;
    best_gain = better ? gain : best_gain;
    best_scale = better ? fit[i].wc / fit[i].cc : best_scale;
  }
  best_scale = to_bfloat16(best_scale);
  store_scales(normal, best_scale, scales);
  state.round_in_turn(first, q8_format.group, best_scale, -127.0f, 127.0f);
  const Floats inverse = inverse_of(best_scale);
  for (int k = 0; k < q8_format.group; k += step_width) {
    Ints word{};
    for (int i = 0; i < step_width; ++i) {
      const Floats code = codes_of(load_floats(w + (k + i) * panel_rows), inverse, -127.0f, 127.0f);
      word |= (to_int(code) + 128) << (8 * i);
    }
    store_vector(weights + 16 * k, word);
  }
}

void pack_rows_q8(float* w, int n, std::byte* block, int row, const BlockFeedback* feedback) {
  const NormalisedRows normal = normalise(w, n, row);
  const ErrorFeedbackState state(feedback, normal, w, n, row);
  for (int first = 0; first < block_width; first += q8_format.group) {
    std::byte* scales = block + 2 * (first / q8_format.group * panel_rows + row);
    if (first < n)
      pack_q8_group(w + first * panel_rows + row, normal, state, first, scales,
                    block + q8_format.header_bytes + 16 * first + step_width * row);
    else
      store_scales(normal, Floats{}, scales);
  }
  state.finish();
}

void pack_q8(float* w, int n, std::byte* block, const BlockFeedback* feedback) {
  for (int row = 0; row < panel_rows; row += int_lanes) pack_rows_q8(w, n, block, row, feedback);
}

}  // namespace
}  // namespace kelvin::kernels
