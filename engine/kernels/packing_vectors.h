// packing_scalar.h over vectors of rows: the same operations, rounded the same way, fused only where no
// rounding takes place, so that a file packed on one machine has the bytes of another. Included after
// int_lanes_256.h, int_lanes_512.h or their like, which define, as single instructions where there are some,
// smaller(a, b) = a < b ? a : b, larger(a, b) = a > b ? a : b and multiply_add(a, b, c) = a b + c.
#pragma once

#include "engine/kernels/math_constants.h"
#include "engine/kernels/packed_formats.h"

namespace kelvin::kernels {
namespace {

using Floats = float __attribute__((vector_size(4 * int_lanes)));
using Ints = std::int32_t __attribute__((vector_size(4 * int_lanes)));

constexpr std::int32_t to_integer_bits = 0x4b400000;

Floats broadcast(float x) { return Floats{} + x; }

Floats load_floats(const float* from) {
  Floats x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}

template <class Vector>
void store_vector(void* to, Vector x) {
  __builtin_memcpy(to, &x, sizeof x);
}

Ints bits_of(Floats x) { return reinterpret_cast<Ints>(x); }
Floats of_bits(Ints x) { return reinterpret_cast<Floats>(x); }
Floats size_of(Floats x) { return of_bits(bits_of(x) & 0x7fffffff); }
Floats nearest(Floats x) { return (x + to_integer) - to_integer; }
Ints to_int(Floats x) { return bits_of(x + to_integer) - to_integer_bits; }  // of an integer below 2^22

// w in steps of 1 / `inverse`, held to [min, max].
Floats codes_of(Floats w, Floats inverse, float min, float max) {
  return larger(smaller(nearest(w * inverse), broadcast(max)), broadcast(min));
}
Floats inverse_of(Floats scale) { return scale == 0.0f ? Floats{} : 1.0f / scale; }

// What was done to the rows of a block before the search, so that no square over- or underflows.
struct NormalisedRows {
  Ints finite;    // all bits set where no NaN or infinity was found
  Ints usable;    // and where there is a weight of 2^-100 or more as well
  Floats unit;    // power of two that one stands for now
  Floats factor;  // 1 / unit; 0 where not usable

  Floats apply(Floats w) const { return of_bits(bits_of(w) & usable) * factor; }
};

// Divides by a power of two. Rows with NaN or infinity, or without a weight above 2^-100, become zeros.
NormalisedRows normalise(float* w, int n, int row) {
  Ints largest{};
  for (int k = 0; k < n; ++k) {
    const Ints size = bits_of(load_floats(w + k * panel_rows + row)) & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  const Ints finite = largest < 0x7f800000, usable = finite & (of_bits(largest) >= 0x1p-100f);
  const Ints exponent = largest >> 23, held = exponent > 252 ? Ints{} + 252 : exponent;
  const Floats factor = of_bits(((253 - held) << 23) & usable);
  const NormalisedRows result{finite, usable, of_bits((held + 1) << 23), factor};
  for (int k = 0; k < n; ++k) {
    float* at = w + k * panel_rows + row;
    store_vector(at, result.apply(load_floats(at)));
  }
  return result;
}

Floats nan_unless(Ints finite, Floats scale) {
  return of_bits((bits_of(scale) & finite) | (~finite & 0x7fc00000));
}

// Error feedback within a block, in its units. Without feedback nothing happens.
class ErrorFeedbackState {
 public:
  ErrorFeedbackState(const BlockFeedback* from, const NormalisedRows& normal, float* wanted, int columns,
                     int row)
      : from_(from), normal_(normal), wanted_(wanted + row), columns_(columns), row_(row) {}

  // Adds to `count` columns (a multiple of 8) from `first` on what the errors of all before them ask for.
  void bring_up(int first, int count) const {
    if (!from_) return;
    constexpr int together = 8;
    for (int k = first; k < first + count; k += together) {
      Floats sum[together];
      for (int i = 0; i < together; ++i) sum[i] = load_floats(wanted_ + (k + i) * panel_rows);
      for (int j = 0; j < first; ++j) {
        const Floats e = load_floats(error(j));
        for (int i = 0; i < together; ++i) sum[i] += e * factors(k + i)[j];
      }
      for (int i = 0; i < together; ++i) store_vector(wanted_ + (k + i) * panel_rows, sum[i]);
    }
  }

  // Rounds these columns to codes of one scale, one by one, each error added to the columns after it. What
  // was rounded stays in the block: rounding it again gives the same codes.
  void round_in_turn(int first, int count, Floats scale, float min, float max) const {
    if (!from_) return;
    const Floats inverse = inverse_of(scale);
    for (int k = first; k < first + count; ++k) {
      const Floats code = codes_of(load_floats(wanted_ + k * panel_rows), inverse, min, max);
      const Floats e = normal_.apply(load_floats(from_->weights + k * panel_rows + row_)) - scale * code;
      store_vector(error(k), e);
      for (int next = k + 1; next < first + count; ++next) {
        float* const at = wanted_ + next * panel_rows;
        store_vector(at, load_floats(at) + e * factors(next)[k]);
      }
    }
  }

  // The errors in the weights' own units.
  void finish() const {
    if (!from_) return;
    for (int k = 0; k < columns_; ++k)
      store_vector(error(k), of_bits(bits_of(load_floats(error(k)) * normal_.unit) & normal_.finite));
  }

 private:
  float* error(int column) const { return from_->error + column * panel_rows + row_; }
  const float* factors(int column) const { return from_->factors + column * columns_; }

  const BlockFeedback* from_;
  const NormalisedRows& normal_;
  float* wanted_;
  int columns_, row_;
};

// What codes say about their scale: the squared error is sum(w^2) - 2 scale wc + scale^2 cc, least at scale =
// wc / cc.
struct Fit {
  Floats wc{}, cc{};

  Floats gain(Floats scale) const { return scale * (wc + wc - scale * cc); }
};

// Several scales side by side.
template <int count>
void fit_codes(const float* w, int n, const Floats (&scale)[count], float min, float max, Fit (&fit)[count]) {
  Floats inverse[count];
  for (int i = 0; i < count; ++i) {
    inverse[i] = inverse_of(scale[i]);
    fit[i] = {};
  }
  for (int k = 0; k < n; ++k) {
    const Floats wk = load_floats(w + k * panel_rows);
    for (int i = 0; i < count; ++i) {
      const Floats code = codes_of(wk, inverse[i], min, max);
      fit[i].wc += wk * code;
      fit[i].cc = multiply_add(code, code, fit[i].cc);  // integers below 2^24
    }
  }
}

// Rounded to bfloat16, halves to even. Codes are chosen for the rounded scale, so that its error is not felt.
Floats to_bfloat16(Floats x) {
  const Ints bits = bits_of(x);
  return of_bits((bits + 0x7fff + ((bits >> 16) & 1)) & static_cast<std::int32_t>(0xffff0000u));
}

// Sixteen bits of each row, of a scale that stands for normal.unit.
void store_scales(const NormalisedRows& normal, Floats scale, std::byte* to) {
  std::int32_t bits[int_lanes];
  store_vector(bits, bits_of(nan_unless(normal.finite, scale * normal.unit)) >> 16);
  for (int i = 0; i < int_lanes; ++i) {
    const std::uint16_t half = static_cast<std::uint16_t>(bits[i]);
    __builtin_memcpy(to + 2 * i, &half, sizeof half);
  }
}

}  // namespace
}  // namespace kelvin::kernels
