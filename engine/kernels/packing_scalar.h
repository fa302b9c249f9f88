// The search for codes and scales of one row, in plain loops: what packed_q8.cpp and packed_q4.cpp are
// made of, and so the specification of packing. Rows never meet. Every operation is rounded by itself.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/kernels/math_constants.h"
#include "engine/kernels/quantized.h"

namespace kelvin::kernels::scalar {

inline float size_of(float x) { return x < 0.0f ? -x : x; }
inline float nearest(float x) { return (x + to_integer) - to_integer; }

// w in steps of 1 / `inverse`, held to the range of codes.
struct CodeRange {
  float min, max;

  float code(float w, float inverse) const {
    const float rounded = nearest(w * inverse);
    const float below = rounded < max ? rounded : max;
    return below > min ? below : min;
  }
};

inline float inverse_of(float scale) { return scale == 0.0f ? 0.0f : 1.0f / scale; }

// Rounded to bfloat16, halves to even. Codes are chosen for the rounded scale, so that its error is not felt.
inline float to_bfloat16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);
}

inline float read_bfloat16(const std::byte* from) {
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// One row of the weights of a block, divided by a power of two so that no square over- or underflows. A row
// with NaN or infinity, or without a weight of 2^-100 or more, is read as zeros.
class Row {
 public:
  Row(float* w, int width, int row) : w_(w + row), row_(row) {
    std::uint32_t largest =
        0;  // of absolute values, as bits: these order as the values do, NaN above infinity
    for (int k = 0; k < width; ++k) {
      const std::uint32_t bits = std::bit_cast<std::uint32_t>((*this)[k]) & 0x7fffffffu;
      if (bits > largest) largest = bits;
    }
    finite_ = largest < 0x7f800000u;
    usable_ = finite_ && std::bit_cast<float>(largest) >= 0x1p-100f;
    const std::uint32_t exponent = largest >> 23, held = exponent > 252u ? 252u : exponent;
    factor_ = usable_ ? std::bit_cast<float>((253u - held) << 23) : 0.0f;
    unit_ = std::bit_cast<float>((held + 1u) << 23);
    for (int k = 0; k < width; ++k) (*this)[k] = in_units((*this)[k]);
  }

  float& operator[](int k) const { return w_[k * panel_rows]; }
  int index() const { return row_; }
  bool finite() const { return finite_; }
  float unit() const { return unit_; }  // what 1 stands for
  float in_units(float w) const { return usable_ ? w * factor_ : 0.0f; }

  void store_scale(float scale, std::byte* to) const {
    const float stored = finite_ ? scale * unit_ : std::bit_cast<float>(0x7fc00000u);
    const std::uint16_t half = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(stored) >> 16);
    std::memcpy(to, &half, sizeof half);
  }

 private:
  float* w_;
  int row_;
  bool finite_ = false, usable_ = false;
  float unit_ = 0.0f, factor_ = 0.0f;
};

// Error feedback within a block. Without feedback nothing happens.
class ErrorFeedbackState {
 public:
  ErrorFeedbackState(const BlockFeedback* from, const Row& row, int width)
      : from_(from), row_(row), width_(width) {}

  // Adds to `count` columns from `first` on what the errors of all before them ask for.
  void bring_up(int first, int count) const {
    if (!from_) return;
    for (int k = first; k < first + count; ++k)
      for (int j = 0; j < first; ++j) row_[k] += error(j) * factor(k, j);
  }

  // Rounds these columns to codes of one scale, one by one, each error added to the columns after it. What
  // was rounded stays in the block: rounding it again gives the same codes.
  void round_in_turn(int first, int count, float scale, CodeRange range) const {
    if (!from_) return;
    const float inverse = inverse_of(scale);
    for (int k = first; k < first + count; ++k) {
      const float exact = row_.in_units(from_->weights[k * panel_rows + row_.index()]);
      error(k) = exact - scale * range.code(row_[k], inverse);
      for (int next = k + 1; next < first + count; ++next) row_[next] += error(k) * factor(next, k);
    }
  }

  // The errors in the weights' own units.
  void finish() const {
    if (!from_) return;
    for (int k = 0; k < width_; ++k) error(k) = row_.finite() ? error(k) * row_.unit() : 0.0f;
  }

 private:
  float& error(int column) const { return from_->error[column * panel_rows + row_.index()]; }
  float factor(int to, int from) const { return from_->factors[to * width_ + from]; }

  const BlockFeedback* from_;
  const Row& row_;
  int width_;
};

// What codes say about their scale: the squared error is sum(w^2) - 2 scale wc + scale^2 cc, least at scale =
// wc / cc.
struct Fit {
  float wc = 0.0f, cc = 0.0f;

  Fit(const Row& w, int first, int count, float scale, CodeRange range) {
    const float inverse = inverse_of(scale);
    for (int k = first; k < first + count; ++k) {
      const float code = range.code(w[k], inverse);
      wc += w[k] * code;
      cc += code * code;  // integers below 2^24
    }
  }
  float gain(float scale) const { return scale * (wc + wc - scale * cc); }
};

}  // namespace kelvin::kernels::scalar
