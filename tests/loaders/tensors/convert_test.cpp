#include "loaders/tensors/convert.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/loaders/safetensors_builder.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

template <class Result>
std::vector<Result> converted(Dtype dtype, const std::string& bytes, std::size_t count, Storage storage) {
  // One byte off, so that a read which needs alignment shows under UBSan.
  const std::string shifted = "x" + bytes;
  std::vector<Result> results(count);
  convert(dtype, reinterpret_cast<const std::byte*>(shifted.data()) + 1, count, storage, results.data());
  return results;
}

// The value of IEEE binary16 bits, from its definition.
float f16_value(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const double fraction = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) magnitude = fraction == 0 ? std::numeric_limits<double>::infinity() : std::nan("");
  return static_cast<float>(bits & 0x8000 ? -magnitude : magnitude);
}

}  // namespace

TEST_CASE("every F16 and BF16 number widens exactly") {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  const auto from_f16 = converted<float>(Dtype::f16, u16_bytes(all), all.size(), Storage::f32);
  const auto from_bf16 = converted<float>(Dtype::bf16, u16_bytes(all), all.size(), Storage::f32);
  for (unsigned bits = 0; bits < all.size(); ++bits) {
    const float expected = f16_value(bits);
    if (std::isnan(expected))
      CHECK(std::isnan(from_f16[bits]));
    else
      CHECK(std::bit_cast<std::uint32_t>(from_f16[bits]) == std::bit_cast<std::uint32_t>(expected));
    CHECK(std::bit_cast<std::uint32_t>(from_bf16[bits]) == bits << 16);
  }
}

TEST_CASE("numbers stored as they are wanted are copied bit for bit") {
  const std::vector<float> floats = {1.5f, -0.0f, std::numeric_limits<float>::denorm_min(), 3.14159f};
  CHECK(converted<float>(Dtype::f32, f32_bytes(floats), 4, Storage::f32) == floats);
  const std::vector<std::uint16_t> halves = {0x3F80, 0x8000, 0x0001, 0x7FC1};
  CHECK(converted<std::uint16_t>(Dtype::bf16, u16_bytes(halves), 4, Storage::bf16) == halves);
}

TEST_CASE("narrowing to bf16 rounds to nearest, ties to even") {
  const auto float_of = [](std::uint32_t bits) { return std::bit_cast<float>(bits); };
  const std::vector<float> floats = {float_of(0x3F808000), float_of(0x3F818000), float_of(0x3F808001),
                                     float_of(0x3F807FFF), float_of(0xBF818000), float_of(0x7F7FFFFF)};
  CHECK(converted<std::uint16_t>(Dtype::f32, f32_bytes(floats), 6, Storage::bf16) ==
        std::vector<std::uint16_t>{0x3F80, 0x3F82, 0x3F81, 0x3F80, 0xBF82, 0x7F80});
  // 1 + 3/1024 lies between 1 and 1 + 1/128, nearer to 1; 1 + 4/1024 is the tie, 1 + 12/1024 the one that
  // goes up.
  CHECK(converted<std::uint16_t>(Dtype::f16, u16_bytes({0x3C03, 0x3C04, 0x3C05, 0x3C0C}), 4, Storage::bf16) ==
        std::vector<std::uint16_t>{0x3F80, 0x3F80, 0x3F81, 0x3F82});
}

TEST_CASE("only floats of 16 and 32 bits are weights") {
  for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16}) CHECK(is_weight_dtype(dtype));
  for (const Dtype dtype : {Dtype::f64, Dtype::i64, Dtype::u8, Dtype::f8_e4m3, Dtype::boolean, Dtype::i16})
    CHECK_FALSE(is_weight_dtype(dtype));
  CHECK(same_format(Dtype::bf16, Storage::bf16));
  CHECK_FALSE(same_format(Dtype::f16, Storage::bf16));
  CHECK_FALSE(same_format(Dtype::bf16, Storage::f32));
}
