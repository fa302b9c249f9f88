// q4 (packed_formats.h) in plain loops: the specification of its bytes and of how they are found.
#include <initializer_list>

#include "engine/kernels/packed_formats.h"
#include "engine/kernels/packing_scalar.h"

namespace kelvin::kernels {
namespace {

// The place of a code: its byte, and 4 where it is the high half.
int q4_byte(int row, int k) {
  return q4_format.header_bytes + k / (2 * step_width) * 64 + row * step_width + k % step_width;
}
int q4_shift(int k) { return k / step_width % 2 * 4; }

}  // namespace

void read_row_q4(const PackedFormat&, const std::byte* block, int row, int width, float* scales, float*,
                 std::int16_t* integers) {
  scales[0] = scalar::read_bfloat16(block + q4_scales + 2 * row);
  for (int k = 0; k < width; ++k) {
    const int sub = k / sub_width;
    std::uint16_t signs;
    std::memcpy(&signs, block + q4_signs + 2 * sub, sizeof signs);
    const int size = static_cast<int>(block[sub / 2 * panel_rows + row]) >> sub % 2 * 4 & 15;
    const int code = (static_cast<int>(block[q4_byte(row, k)]) >> q4_shift(k) & 15) - 8;
    integers[k] = static_cast<std::int16_t>(signs >> row & 1 ? -size * code : size * code);
  }
}

namespace {

constexpr scalar::CodeRange q4_codes{-8.0f, 7.0f};

// The sub-scales for one scale of the block, and how well they do.
struct SubScales {
  float sub[subs_per_block] = {};
  float gain = 0.0f, wc = 0.0f, cc = 0.0f;
};

// sub * scale that reaches the largest weight: code -8 at the weight farthest from 0; a negative sub-scale turns
// the range round where that weight is positive.
float ideal_scale(const scalar::Row& w, int sub) {
  float extreme = 0.0f;
  for (int k = sub * sub_width; k < (sub + 1) * sub_width; ++k)
    if (scalar::size_of(w[k]) > scalar::size_of(extreme)) extreme = w[k];
  return extreme * -0.125f;
}

// Adds the best sub-scale of the five next to the ideal one.
void choose_sub_scale(const scalar::Row& w, int sub, float scale, float ideal, SubScales& chosen) {
  const float start = scalar::nearest(ideal * scalar::inverse_of(scale));
  float best_gain = 0.0f, best_wc = 0.0f, best_cc = 0.0f;
  for (int i = -2; i <= 2; ++i) {
    const float beside = start + static_cast<float>(i), below = beside < 15.0f ? beside : 15.0f;
    const float tried = below > -15.0f ? below : -15.0f;
    const scalar::Fit fit(w, sub * sub_width, sub_width, scale * tried, q4_codes);
    const float gain = fit.gain(scale * tried);
    if (!(gain > best_gain)) continue;
    best_gain = gain;
    chosen.sub[sub] = tried;
    best_wc = tried * fit.wc;
    best_cc = tried * tried * fit.cc;
  }
  chosen.gain += best_gain;
  chosen.wc += best_wc;
  chosen.cc += best_cc;
}

void pack_row_q4(float* weights, int width, int row, std::byte* block, const BlockFeedback* feedback) {
  const scalar::Row w(weights, width, row);
  const scalar::ErrorFeedbackState state(feedback, w, width);
  const int subs = width / sub_width;
  float ideal[subs_per_block] = {}, largest = 0.0f;
  for (int j = 0; j < subs; ++j) {
    ideal[j] = ideal_scale(w, j);
    if (scalar::size_of(ideal[j]) > largest) largest = scalar::size_of(ideal[j]);
  }

  SubScales best;
  for (const float steps : {15.0f, 14.0f, 16.3f}) {
    SubScales tried;
    for (int j = 0; j < subs; ++j) choose_sub_scale(w, j, largest / steps, ideal[j], tried);
    if (steps == 15.0f || tried.gain > best.gain) best = tried;
  }
  const float scale = scalar::to_bfloat16(best.cc > 0.0f ? best.wc / best.cc : 0.0f);
  w.store_scale(scale, block + q4_scales + 2 * row);

  for (int j = 0; j < subs_per_block; ++j) {
    const int first = j * sub_width;
    if (j < subs && feedback) {
      state.bring_up(first, sub_width);
      SubScales now;
      choose_sub_scale(w, j, scale, ideal_scale(w, j), now);
      best.sub[j] = now.sub[j];
      state.round_in_turn(first, sub_width, scale * best.sub[j], q4_codes);
    }
    const int size = static_cast<int>(scalar::size_of(best.sub[j]));
    std::byte& sizes = block[j / 2 * panel_rows + row];
    sizes = static_cast<std::byte>(j % 2 == 0 ? size : static_cast<int>(sizes) | size << 4);
    std::uint16_t signs;
    std::memcpy(&signs, block + q4_signs + 2 * j, sizeof signs);
    signs = static_cast<std::uint16_t>(best.sub[j] < 0.0f ? signs | 1 << row : signs & ~(1 << row));
    std::memcpy(block + q4_signs + 2 * j, &signs, sizeof signs);
    if (j >= subs) continue;
    const float inverse = scalar::inverse_of(scale * best.sub[j]);
    for (int k = first; k < first + sub_width; ++k) {
      const int code = static_cast<int>(q4_codes.code(w[k], inverse)) + 8;
      std::byte& pair = block[q4_byte(row, k)];
      pair = static_cast<std::byte>(q4_shift(k) == 0 ? code : static_cast<int>(pair) | code << 4);
    }
  }
  state.finish();
}

}  // namespace

void pack_q4_scalar(float* w, int width, std::byte* block, const BlockFeedback* feedback) {
  for (int row = 0; row < panel_rows; ++row) pack_row_q4(w, width, row, block, feedback);
}

}  // namespace kelvin::kernels
