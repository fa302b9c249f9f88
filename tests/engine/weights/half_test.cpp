#include "engine/weights/half.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace kelvin;
using namespace kelvin::engine;

namespace {

// Nearest of all 65536 values, ties to the even pattern, by looking at the two neighbours in order of
// magnitude.
template <float (*widen)(std::uint16_t)>
std::uint16_t nearest(float value, std::uint16_t infinity) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(static_cast<double>(value));
  int low = 0, high = infinity;  // patterns of non-negative values ascend with their value
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (static_cast<double>(widen(static_cast<std::uint16_t>(middle))) <= magnitude ? low : high) = middle;
  }
  const double below = widen(static_cast<std::uint16_t>(low));
  // Infinity stands one step above the largest value when rounding.
  const double above = high == infinity
                           ? below + (below - static_cast<double>(widen(static_cast<std::uint16_t>(low - 1))))
                           : static_cast<double>(widen(static_cast<std::uint16_t>(high)));
  const double to_below = magnitude - below, to_above = above - magnitude;
  const bool up = to_above < to_below || (to_above == to_below && low % 2 == 1);
  return static_cast<std::uint16_t>(sign | (up ? high : low));
}

}  // namespace

TEST_CASE("every 16-bit pattern survives widening and narrowing") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    const bool f16_nan = (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0;
    const bool bf16_nan = (bits & 0x7f80) == 0x7f80 && (bits & 0x7f) != 0;
    if (f16_nan) {
      REQUIRE(std::isnan(f16_to_f32(pattern)));
      REQUIRE(std::isnan(f16_to_f32(f32_to_f16(f16_to_f32(pattern)))));
    } else {
      REQUIRE(f32_to_f16(f16_to_f32(pattern)) == pattern);
    }
    if (bf16_nan) {
      REQUIRE(std::isnan(bf16_to_f32(f32_to_bf16(bf16_to_f32(pattern)))));
    } else {
      REQUIRE(f32_to_bf16(bf16_to_f32(pattern)) == pattern);
    }
  }
}

TEST_CASE("float16 values are what IEEE 754 says") {
  CHECK(f16_to_f32(0x3c00) == 1.0f);
  CHECK(f16_to_f32(0xc000) == -2.0f);
  CHECK(f16_to_f32(0x7bff) == 65504.0f);
  CHECK(f16_to_f32(0x0001) == 0x1p-24f);
  CHECK(f16_to_f32(0x03ff) == 1023.0f * 0x1p-24f);
  CHECK(f16_to_f32(0x3555) == doctest::Approx(0.33325195).epsilon(1e-7));
  CHECK(std::signbit(f16_to_f32(0x8000)));
  CHECK(f16_to_f32(0xfc00) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("narrowing rounds to nearest, ties to even") {
  std::uint32_t state = 12345;
  for (int i = 0; i < 200000; ++i) {
    state = state * 1664525u + 1013904223u;
    // Half of them around the range of float16, a quarter exactly on ties.
    std::uint32_t bits = state;
    if (i % 2 == 0) bits = (bits & 0x80000000u) | (0x33000000u + (bits >> 1) % 0x15000000u);
    if (i % 4 == 0) bits = (bits & 0xffffe000u) | 0x1000u;
    if (i % 4 == 1) bits = (bits & 0xffff0000u) | 0x8000u;
    const float value = std::bit_cast<float>(bits);
    if (!std::isfinite(value)) continue;
    REQUIRE(f32_to_f16(value) == nearest<f16_to_f32>(value, 0x7c00));
    REQUIRE(f32_to_bf16(value) == nearest<bf16_to_f32>(value, 0x7f80));
  }
  CHECK(f32_to_f16(65519.996f) == 0x7bff);
  CHECK(f32_to_f16(65520.0f) == 0x7c00);
  CHECK(f32_to_f16(0x1p-25f) == 0);           // a tie goes to zero
  CHECK(f32_to_f16(0x1.000002p-25f) == 0x1);  // just above it does not
  CHECK(f32_to_bf16(3.4e38f) == 0x7f80);
}
