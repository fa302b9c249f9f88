#include "loaders/tensors/dequantize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/weights/half.h"
#include "loaders/tensors/convert.h"
#include "tests/loaders/random_blocks.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::test;

namespace {

constexpr Dtype formats[] = {Dtype::q4_0, Dtype::q4_1, Dtype::q5_0, Dtype::q5_1, Dtype::q8_0,
                             Dtype::q2_k, Dtype::q3_k, Dtype::q4_k, Dtype::q5_k, Dtype::q6_k};

struct Golden {
  std::vector<std::byte> blocks;
  std::vector<float> numbers;  // (512,) as the gguf package reads them
};

Golden golden(Dtype dtype) {
  const auto path = data_dir() / "gguf" / std::string(dtype_name(dtype));
  return {read_array<std::byte>(path.string() + ".blocks"), read_array<float>(path.string() + ".f32")};
}

}  // namespace

TEST_CASE("blocks of every format hold the numbers the gguf package reads in them") {
  for (const Dtype dtype : formats) {
    CAPTURE(dtype_name(dtype));
    const Golden one = golden(dtype);
    REQUIRE(one.numbers.size() == 512);
    REQUIRE(one.blocks.size() == stored_bytes(dtype, 512));
    std::vector<float> numbers(512);
    dequantize(dtype, one.blocks.data(), 512, numbers.data());
    CHECK(numbers == one.numbers);
    // At an odd address too, and stopping where told.
    std::vector<std::byte> shifted(one.blocks.size() + 1);
    std::copy(one.blocks.begin(), one.blocks.end(), shifted.begin() + 1);
    std::vector<float> some(513, 9.0f);
    dequantize(dtype, shifted.data() + 1, 256, some.data());
    CHECK(std::equal(some.begin(), some.begin() + 256, one.numbers.begin()));
    CHECK(some[256] == 9.0f);
  }
}

TEST_CASE("random blocks of every format, with scales of every kind, are read as by the gguf package") {
  for (const DtypeInfo& info : quantized_dtypes()) {
    CAPTURE(info.name);
    CHECK(random_blocks_sum(info.dtype, few_blocks) == random_blocks_golden(info.dtype).few);
  }
}

TEST_CASE("blocks become bf16 by way of float32") {
  for (const Dtype dtype : formats) {
    CAPTURE(dtype_name(dtype));
    CHECK(is_weight_dtype(dtype));
    CHECK_FALSE(same_format(dtype, Storage::bf16));
    const Golden one = golden(dtype);
    // More than one of the pieces that conversion works in.
    std::vector<std::byte> blocks;
    for (int i = 0; i < 5; ++i) blocks.insert(blocks.end(), one.blocks.begin(), one.blocks.end());
    std::vector<std::uint16_t> halves(5 * 512);
    convert(dtype, blocks.data(), halves.size(), Storage::bf16, halves.data());
    for (std::size_t i = 0; i < halves.size(); ++i) REQUIRE(halves[i] == f32_to_bf16(one.numbers[i % 512]));
  }
}

TEST_CASE("a block of known codes, by hand") {
  // Q4_K: scale 2, step 0.5; sub-scales 1 to 8 and sub-minimums 0, 7, 14, ... in six bits each.
  std::vector<std::uint8_t> block(144, 0);
  const auto half = [&](std::size_t at, float value) {
    block[at] = static_cast<std::uint8_t>(f32_to_f16(value) & 255);
    block[at + 1] = static_cast<std::uint8_t>(f32_to_f16(value) >> 8);
  };
  half(0, 2.0f);
  half(2, 0.5f);
  for (int part = 0; part < 8; ++part) {
    const int scale = part + 1, min = part * 7;
    if (part < 4) {
      block[static_cast<std::size_t>(4 + part)] |= static_cast<std::uint8_t>(scale);
      block[static_cast<std::size_t>(8 + part)] |= static_cast<std::uint8_t>(min);
    } else {
      block[static_cast<std::size_t>(8 + part)] |= static_cast<std::uint8_t>((scale & 15) | (min & 15) << 4);
      block[static_cast<std::size_t>(part)] |= static_cast<std::uint8_t>(scale >> 4 << 6);
      block[static_cast<std::size_t>(4 + part)] |= static_cast<std::uint8_t>(min >> 4 << 6);
    }
  }
  for (std::size_t i = 16; i < 144; ++i) block[i] = 0xA3;  // codes 3 and 10
  std::vector<float> numbers(256);
  dequantize(Dtype::q4_k, reinterpret_cast<const std::byte*>(block.data()), 256, numbers.data());
  for (int i = 0; i < 256; ++i) {
    const int part = i / 32, code = part % 2 ? 10 : 3;
    CHECK(numbers[static_cast<std::size_t>(i)] ==
          2.0f * static_cast<float>(part + 1) * static_cast<float>(code) -
              0.5f * static_cast<float>(part * 7));
  }
}
