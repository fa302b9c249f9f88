#include "loaders/tensors/scaled_layout.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/weights/half.h"

namespace kelvin {
namespace {

// Whether the last `bits` bits of the fraction are zeros and the exponent leaves room on both sides: products with
// short numbers are exact then.
bool ends_in_zeros(float number, int bits) {
  const float size = std::abs(number);
  const bool in_range = size == 0.0f || (size >= 0x1p-100f && size <= 0x1p100f);
  return in_range && (std::bit_cast<std::uint32_t>(number) & ((1u << bits) - 1)) == 0;
}

bool is_half(float number) { return engine::f16_to_f32(engine::f32_to_f16(number)) == number; }

// Codes that are read with their middle taken off already have none.
int middle_of(const CodeTensor& codes) {
  const bool in_words = codes.layout <= CodeLayout::awq;
  return in_words && codes.offset == 0 ? 1 << (codes.bits - 1) : 0;
}

}  // namespace

ScaleFacts::ScaleFacts(const CodeTensor& codes)
    : kind_(codes.layout),
      bits_(codes.layout <= CodeLayout::awq ? codes.bits : 8),
      middle_(middle_of(codes)) {}

void ScaleFacts::see(float scale, int zero) {
  zeros_vary_ |= zero != middle_;
  zeros_in_byte_ &= zero - middle_ >= -128 && zero - middle_ <= 127;
  halves_ &= is_half(scale);
  short_ &= ends_in_zeros(scale, 8);
  very_short_ &= ends_in_zeros(scale, 20);
}

ScaledLayout ScaleFacts::layout(int run) const {
  if (kind_ == CodeLayout::float8) return {very_short_ ? Storage::bf16 : Storage::f32};
  if (kind_ == CodeLayout::float4) return {run >= 32 ? Storage::mxfp4 : Storage::f32, 2};
  return of_integers(run);
}

ScaledLayout ScaleFacts::of_integers(int run) const {
  const int held = bits_ <= 4 ? 4 : 8;  // bits of a layout's codes
  // With fewer bits than the layout has, a code less its zero point fits, whatever it is.
  const bool fits = !zeros_vary_ || bits_ < held;
  if (run == 128 && fits) return {held == 4 ? Storage::int4 : Storage::int8};
  if (run == 128 && short_ && zeros_in_byte_)
    return {held == 4 ? Storage::int4_zero : Storage::int8_zero, 1, middle_, true};
  if (run == 0 || !halves_) return {};
  if (fits) return {held == 4 ? Storage::q4_0 : Storage::q8_0};
  if (held == 4) return {Storage::q5_0};  // from -16 to 15
  return {};
}

int shared_run(std::uint64_t cols, std::uint64_t size, const std::vector<std::uint32_t>& group_of) {
  const auto group_at = [&](std::uint64_t i) {
    return group_of.empty() ? (size == 0 ? 0 : i / size) : group_of[i];
  };
  const auto share = [&](std::uint64_t run) {
    for (std::uint64_t i = 0; i < cols; ++i)
      if (group_at(i) != group_at(i / run * run)) return false;
    return true;
  };
  return share(128) ? 128 : share(32) ? 32 : 0;
}

}  // namespace kelvin
