// The search for codes and scales, written once over vectors of `width` rows so that lanes never meet and
// every file gives the same bits: IEEE operations one by one, fused only where no rounding takes place. The
// including file defines `width` and, as single instructions where it has them, smaller(a, b) = a < b ? a :
// b, larger(a, b) = a > b ? a : b and multiply_add(a, b, c) = a b + c.
#pragma once

namespace kelvin {
namespace {

using Floats = float __attribute__((vector_size(4 * width)));
using Ints = std::int32_t __attribute__((vector_size(4 * width)));

constexpr float to_integer = 0x1.8p+23f;  // adding it rounds to the nearest integer, halves to even
constexpr std::int32_t to_integer_bits = 0x4b400000;

Floats all(float x) { return Floats{} + x; }

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
Ints whole(Floats x) { return bits_of(x + to_integer) - to_integer_bits; }  // of an integer below 2^22

// w in steps of `scale`, held to [least, most]; 0 where the scale is 0.
Floats codes_of(Floats w, Floats inverse, float least, float most) {
  return larger(smaller(nearest(w * inverse), all(most)), all(least));
}
Floats inverse_of(Floats scale) { return scale == 0.0f ? Floats{} : 1.0f / scale; }

// What was done to a row's group before the search, so that no square over- or underflows.
struct Normalised {
  Ints finite,
      usable;     // all bits set where no NaN or infinity was found, and where there is a weight above 2^-100
  Floats unit;    // power of two that one stands for now
  Floats factor;  // 1 / unit; 0 where not usable
  Floats largest{};  // absolute value, in [1/2, 4); 0 where not usable

  Floats apply(Floats w) const { return of_bits(bits_of(w) & usable) * factor; }
};

// Divides by a power of two. Rows with NaN or infinity, or without a weight above 2^-100, become zeros.
Normalised normalise(float* w, int n, int lane) {
  Ints largest{};
  for (int k = 0; k < n; ++k) {
    const Ints size = bits_of(load_floats(w + k * panel_rows + lane)) & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  const Ints finite = largest < 0x7f800000, usable = finite & (of_bits(largest) >= 0x1p-100f);
  const Ints exponent = largest >> 23, held = exponent > 252 ? Ints{} + 252 : exponent;
  const Floats factor = of_bits(((253 - held) << 23) & usable);
  Normalised result{finite, usable, of_bits((held + 1) << 23), factor};
  for (int k = 0; k < n; ++k) {
    float* at = w + k * panel_rows + lane;
    const Floats scaled = result.apply(load_floats(at));
    result.largest = larger(size_of(scaled), result.largest);
    store_vector(at, scaled);
  }
  return result;
}

Floats nan_unless(Ints finite, Floats scale) {
  return of_bits((bits_of(scale) & finite) | (~finite & 0x7fc00000));
}

// Error feedback within a block, in its units. Without feedback nothing happens.
class Carry {
 public:
  Carry(const BlockFeedback* from, const Normalised& normal, float* wanted, int columns, int lane)
      : from_(from), normal_(normal), wanted_(wanted + lane), columns_(columns), lane_(lane) {}

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
  void round_in_turn(int first, int count, Floats scale, float least, float most) const {
    if (!from_) return;
    const Floats inverse = inverse_of(scale);
    for (int k = first; k < first + count; ++k) {
      const Floats code = codes_of(load_floats(wanted_ + k * panel_rows), inverse, least, most);
      const Floats e = normal_.apply(load_floats(from_->weights + k * panel_rows + lane_)) - scale * code;
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
  float* error(int column) const { return from_->error + column * panel_rows + lane_; }
  const float* factors(int column) const { return from_->factors + column * columns_; }

  const BlockFeedback* from_;
  const Normalised& normal_;
  float* wanted_;
  int columns_, lane_;
};

// What codes say about their scale: the squared error is sum(w^2) - 2 scale wc + scale^2 cc, least at scale =
// wc / cc.
struct Fit {
  Floats wc{}, cc{};

  Floats gain(Floats scale) const { return scale * (wc + wc - scale * cc); }
};

// Several scales side by side.
template <int count>
void fit_codes(const float* w, int n, const Floats (&scale)[count], float least, float most,
               Fit (&fit)[count]) {
  Floats inverse[count];
  for (int i = 0; i < count; ++i) {
    inverse[i] = inverse_of(scale[i]);
    fit[i] = {};
  }
  for (int k = 0; k < n; ++k) {
    const Floats wk = load_floats(w + k * panel_rows);
    for (int i = 0; i < count; ++i) {
      const Floats code = codes_of(wk, inverse[i], least, most);
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

// Sixteen bits of each lane, of a scale that stands for normal.unit.
void store_scales(const Normalised& normal, Floats scale, std::byte* to) {
  std::int32_t bits[width];
  store_vector(bits, bits_of(nan_unless(normal.finite, scale * normal.unit)) >> 16);
  for (int row = 0; row < width; ++row) {
    const std::uint16_t half = static_cast<std::uint16_t>(bits[row]);
    __builtin_memcpy(to + 2 * row, &half, sizeof half);
  }
}

void pack_q8_span(const float* w, const Normalised& normal, const Carry& carry, int first, std::byte* scales,
                  std::byte* weights) {
  carry.bring_up(first, span_width);
  Floats largest{};
  for (int k = 0; k < span_width; ++k) largest = larger(size_of(load_floats(w + k * panel_rows)), largest);
  // The last ones cut off the largest weights.
  const Floats tried[] = {largest / 127.0f, largest / 127.49f, largest / 128.5f, largest / 130.5f};
  Fit fit[4];
  fit_codes(w, span_width, tried, -127.0f, 127.0f, fit);
  Floats best_gain{}, best_scale{};
  for (int i = 0; i < 4; ++i) {
    const Floats gain = fit[i].gain(tried[i]);
    const Ints better = gain > best_gain;
    best_gain = better ? gain : best_gain;
    best_scale = better ? fit[i].wc / fit[i].cc : best_scale;
  }
  best_scale = to_bfloat16(best_scale);
  store_scales(normal, best_scale, scales);
  carry.round_in_turn(first, span_width, best_scale, -127.0f, 127.0f);
  const Floats inverse = inverse_of(best_scale);
  for (int k = 0; k < span_width; k += step_width) {
    Ints word{};
    for (int i = 0; i < step_width; ++i) {
      const Floats code = codes_of(load_floats(w + (k + i) * panel_rows), inverse, -127.0f, 127.0f);
      word |= (whole(code) + 128) << (8 * i);
    }
    store_vector(weights + 16 * k, word);
  }
}

void pack_q8_lanes(float* w, int n, std::byte* block, int lane, const BlockFeedback* feedback) {
  const Normalised normal = normalise(w, n, lane);
  const Carry carry(feedback, normal, w, n, lane);
  for (int span = 0; span < groups_of_spans; ++span) {
    std::byte* scales = block + 2 * (span * panel_rows + lane);
    const int first = span * span_width;
    if (first < n)
      pack_q8_span(w + first * panel_rows + lane, normal, carry, first, scales,
                   block + q8_header + 16 * first + step_width * lane);
    else
      store_scales(normal, Floats{}, scales);
  }
  carry.finish();
}

// The sub-scales for one scale of the group, and how well they do.
struct SubScales {
  Floats sub[groups_of_subs];
  Floats gain{}, wc{}, cc{};
};

SubScales choose_sub_scales(
    const float* w, int subs, Floats scale,
    const Floats* ideal) {  // (subs,): sub-scale * scale that reaches the largest weight
  SubScales chosen;
  const Floats inverse = inverse_of(scale);
  for (int j = 0; j < subs; ++j) {
    const Floats start = nearest(ideal[j] * inverse);
    Floats best_gain{}, best_sub{}, wc{}, cc{};
    Floats sub[5], scales[5];
    for (int i = 0; i < 5; ++i) {
      sub[i] = larger(smaller(start + static_cast<float>(i - 2), all(15.0f)), all(-15.0f));
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

// Code -8 at the weight farthest from 0; a negative sub-scale turns the range round where that weight is
// positive.
Floats ideal_scale(const float* w) {  // of sub_width columns
  Floats extreme{};
  for (int k = 0; k < sub_width; ++k) {
    const Floats wk = load_floats(w + k * panel_rows);
    extreme = size_of(wk) > size_of(extreme) ? wk : extreme;
  }
  return extreme * -0.125f;
}

void pack_q4_lanes(float* w, int n, std::byte* block, int lane, const BlockFeedback* feedback) {
  const Normalised normal = normalise(w, n, lane);
  const Carry carry(feedback, normal, w, n, lane);
  const int subs = n / sub_width;
  w += lane;
  Floats ideal[groups_of_subs] = {}, largest{};
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

  std::int32_t sizes[groups_of_subs][width] = {}, signs[groups_of_subs][width] = {};
  store_scales(normal, scale, block + q4_scales + 2 * lane);
  for (int j = 0; j < subs; ++j) {
    const int first = j * sub_width;
    if (feedback) {
      carry.bring_up(first, sub_width);
      const float* const from = w + first * panel_rows;
      const Floats now = ideal_scale(from);
      best.sub[j] = choose_sub_scales(from, 1, scale, &now).sub[0];
      carry.round_in_turn(first, sub_width, scale * best.sub[j], -8.0f, 7.0f);
    }
    store_vector(sizes[j], whole(size_of(best.sub[j])));
    store_vector(signs[j], best.sub[j] < 0.0f);
    const Floats inverse = inverse_of(scale * best.sub[j]);
    for (int pair = 0; pair < 2; ++pair) {
      const int k = first + 8 * pair;
      Ints word{};
      for (int i = 0; i < 8; ++i) {
        const Floats code = codes_of(load_floats(w + (k + i) * panel_rows), inverse, -8.0f, 7.0f);
        word |= (whole(code) + 8) << (8 * (i % step_width) + i / step_width * 4);
      }
      store_vector(block + q4_header + 8 * k + step_width * lane, word);
    }
  }
  carry.finish();
  for (int row = 0; row < width; ++row)
    for (int j = 0; j < groups_of_subs; j += 2)
      block[j / 2 * panel_rows + lane + row] = static_cast<std::byte>(sizes[j][row] | sizes[j + 1][row] << 4);
  for (int j = 0; j < groups_of_subs; ++j) {
    std::uint16_t mask;
    __builtin_memcpy(&mask, block + q4_signs + 2 * j, sizeof mask);
    for (int row = 0; row < width; ++row) {
      const int bit = 1 << (lane + row);
      mask = static_cast<std::uint16_t>(signs[j][row] ? mask | bit : mask & ~bit);
    }
    __builtin_memcpy(block + q4_signs + 2 * j, &mask, sizeof mask);
  }
}

void pack_q8(float* w, int n, std::byte* block, const BlockFeedback* feedback) {
  for (int lane = 0; lane < panel_rows; lane += width) pack_q8_lanes(w, n, block, lane, feedback);
}

void pack_q4(float* w, int n, std::byte* block, const BlockFeedback* feedback) {
  for (int lane = 0; lane < panel_rows; lane += width) pack_q4_lanes(w, n, block, lane, feedback);
}

}  // namespace
}  // namespace kelvin
