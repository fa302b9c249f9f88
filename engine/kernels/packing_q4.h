// packed_q4.cpp over vectors of rows; included after packing_vectors.h.
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

// The sub-scales for one scale of the block, and how well they do.
struct SubScales {
  Floats sub[subs_per_block];
  Floats gain{}, wc{}, cc{};
};

// `ideal`: (subs,), the sub-scale * scale that reaches the largest weight.
SubScales choose_sub_scales(const float* w, int subs, Floats scale, const Floats* ideal) {
  SubScales chosen;
  const Floats inverse = inverse_of(scale);
  for (int j = 0; j < subs; ++j) {
    const Floats start = nearest(ideal[j] * inverse);
    Floats best_gain{}, best_sub{}, wc{}, cc{};
    Floats sub[5], scales[5];
    for (int i = 0; i < 5; ++i) {
      sub[i] = larger(smaller(start + static_cast<float>(i - 2), broadcast(15.0f)), broadcast(-15.0f));
      scales[i] = scale * sub[i];
    }
    Fit fit[5];
    fit_codes(w + j * sub_width * panel_rows, sub_width, scales, -8.0f, 7.0f, fit);
    for (int i = 0; i < 5; ++i) {
      const Floats gain = fit[i].gain(scales[i]);
      const Ints better = gain > best_gain;
      best_gain = better ? gain : best_gain;
      best_sub = better ? sub[i] : best_sub;
      wc = better ? sub[i] * fit[i].wc : wc;
      cc = better ? sub[i] * sub[i] * fit[i].cc : cc;
    }
    chosen.sub[j] = best_sub;
    chosen.gain += best_gain;
    chosen.wc += wc;
    chosen.cc += cc;
  }
  return chosen;
}

// Code -8 at the weight farthest from 0; a negative sub-scale turns the range round where it is positive.
Floats ideal_scale(const float* w) {  // of sub_width columns
  Floats extreme{};
  for (int k = 0; k < sub_width; ++k) {
    const Floats wk = load_floats(w + k * panel_rows);
    extreme = size_of(wk) > size_of(extreme) ? wk : extreme;
  }
  return extreme * -0.125f;
}

void pack_rows_q4(float* w, int n, std::byte* block, int row, const BlockFeedback* feedback) {
  const NormalisedRows normal = normalise(w, n, row);
  const ErrorFeedbackState state(feedback, normal, w, n, row);
  const int subs = n / sub_width;
  w += row;
  Floats ideal[subs_per_block] = {}, largest{};
  for (int j = 0; j < subs; ++j) {
    ideal[j] = ideal_scale(w + j * sub_width * panel_rows);
    largest = larger(size_of(ideal[j]), largest);
  }

  SubScales best = choose_sub_scales(w, subs, largest / 15.0f, ideal);
  constexpr float tried[] = {14.0f, 16.3f};
  for (const float steps : tried) {
    const SubScales other = choose_sub_scales(w, subs, largest / steps, ideal);
    const Ints better = other.gain > best.gain;
    best.gain = better ? other.gain : best.gain;
    best.wc = better ? other.wc : best.wc;
    best.cc = better ? other.cc : best.cc;
    for (int j = 0; j < subs; ++j) best.sub[j] = better ? other.sub[j] : best.sub[j];
  }
  const Floats scale = to_bfloat16(best.cc > 0.0f ? best.wc / best.cc : Floats{});

  std::int32_t sizes[subs_per_block][int_lanes] = {}, signs[subs_per_block][int_lanes] = {};
  store_scales(normal, scale, block + q4_scales + 2 * row);
  for (int j = 0; j < subs; ++j) {
    const int first = j * sub_width;
    if (feedback) {
      state.bring_up(first, sub_width);
      const float* const from = w + first * panel_rows;
      const Floats now = ideal_scale(from);
      best.sub[j] = choose_sub_scales(from, 1, scale, &now).sub[0];
      state.round_in_turn(first, sub_width, scale * best.sub[j], -8.0f, 7.0f);
    }
    store_vector(sizes[j], to_int(size_of(best.sub[j])));
    store_vector(signs[j], best.sub[j] < 0.0f);
    const Floats inverse = inverse_of(scale * best.sub[j]);
    for (int pair = 0; pair < 2; ++pair) {
      const int k = first + 8 * pair;
      Ints word{};
      for (int i = 0; i < 8; ++i) {
        const Floats code = codes_of(load_floats(w + (k + i) * panel_rows), inverse, -8.0f, 7.0f);
        word |= (to_int(code) + 8) << (8 * (i % step_width) + i / step_width * 4);
      }
      store_vector(block + q4_format.header_bytes + 8 * k + step_width * row, word);
    }
  }
  state.finish();
  for (int i = 0; i < int_lanes; ++i)
    for (int j = 0; j < subs_per_block; j += 2)
      block[j / 2 * panel_rows + row + i] = static_cast<std::byte>(sizes[j][i] | sizes[j + 1][i] << 4);
  for (int j = 0; j < subs_per_block; ++j) {
    std::uint16_t mask;
    __builtin_memcpy(&mask, block + q4_signs + 2 * j, sizeof mask);
    for (int i = 0; i < int_lanes; ++i) {
      const int bit = 1 << (row + i);
      mask = static_cast<std::uint16_t>(signs[j][i] ? mask | bit : mask & ~bit);
    }
    __builtin_memcpy(block + q4_signs + 2 * j, &mask, sizeof mask);
  }
}

void pack_q4(float* w, int n, std::byte* block, const BlockFeedback* feedback) {
  for (int row = 0; row < panel_rows; row += int_lanes) pack_rows_q4(w, n, block, row, feedback);
}

}  // namespace
}  // namespace kelvin::kernels
