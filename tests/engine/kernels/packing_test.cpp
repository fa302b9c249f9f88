// Packing by every table against the plain loops of packed_q8.cpp and packed_q4.cpp, byte for byte, and what
// these loops promise by themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "engine/kernels/packed_formats.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/random_values.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

constexpr int widths[] = {64, 128, 192, 256};

// Rows of every kind a search could go wrong on, side by side.
std::vector<float> block_of_rows(int width, RandomValues& random) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> w(static_cast<std::size_t>(width * panel_rows));
  for (int k = 0; k < width; ++k)
    for (int r = 0; r < panel_rows; ++r) {
      float value = random.value() * 0.05f;
      if (r == 1) value = 0.0f;
      if (r == 2) value *= 1e-37f;                                         // below 2^-100: zeros
      if (r == 3) value *= 1e36f;                                          // squares overflow
      if (r == 4) value *= 1e-20f;                                         // squares underflow
      if (r == 5) value = static_cast<float>(random.below(9) - 4) * 0.5f;  // ties
      if (r == 6) value = value * value * value;                           // heavy tails
      if (r == 7 && k % 40 != 7) value *= 1e-30f;                          // outliers among next to nothing
      if (r == 8 && k >= width / 2) value = -0.0f;
      if (r == 9) value = k % 2 ? 3.4e38f : -3.4e38f;
      if (r == 10 && k < 16) value = 0.0f;
      w[static_cast<std::size_t>(k * panel_rows + r)] = value;
    }
  w[static_cast<std::size_t>(panel_rows * 3 + 13)] = std::numeric_limits<float>::quiet_NaN();
  w[static_cast<std::size_t>(panel_rows * 60 + 14)] = infinity;
  w[static_cast<std::size_t>(panel_rows * (width - 1) + 15)] = -infinity;
  return w;
}

struct Packed {
  std::vector<std::byte> block;
  std::vector<float> error;
};

// `earlier`: what earlier blocks ask for; without factors no feedback.
Packed pack(const PackedFormat& format, const QuantizedKernels& table, const std::vector<float>& w,
            const std::vector<float>& earlier, const std::vector<float>& factors) {
  const int width = static_cast<int>(w.size()) / panel_rows;
  std::vector<float> wanted = w;
  if (!factors.empty())
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += earlier[i];
  Packed packed{std::vector<std::byte>(block_bytes(format, width), std::byte{0xa5}),
                std::vector<float>(w.size(), 77.0f)};
  const BlockFeedback feedback{w.data(), factors.data(), packed.error.data()};
  (table.*format.kernels)
      .pack(wanted.data(), width, packed.block.data(), factors.empty() ? nullptr : &feedback);
  return packed;
}

}  // namespace

TEST_CASE("packing: the same bytes in every table, with feedback and without") {
  RandomValues random(1);
  for (const PackedFormat* format : packed_formats)
    for (const int width : widths)
      for (int round = 0; round < 4; ++round) {
        CAPTURE(format->name);
        CAPTURE(width);
        const std::vector<float> w = block_of_rows(width, random);
        const std::vector<float> earlier = random.values(w.size(), 0.01f);
        const std::vector<float> factors = random.values(static_cast<std::size_t>(width * width), 0.3f);
        for (const std::vector<float>& used : {std::vector<float>(), factors}) {
          CAPTURE(used.empty());
          const Packed expected = pack(*format, scalar_quantized, w, earlier, used);
          for (const QuantizedKernels* table : test::quantized_tables()) {
            CAPTURE(table->name);
            const Packed found = pack(*format, *table, w, earlier, used);
            REQUIRE(expected.block == found.block);
            REQUIRE(test::same_bits(expected.error, found.error));
          }
        }
      }
}

TEST_CASE("packing: each row is packed by itself") {
  RandomValues random(2);
  for (const PackedFormat* format : packed_formats) {
    CAPTURE(format->name);
    const std::vector<float> w = block_of_rows(256, random);
    const Packed all = pack(*format, scalar_quantized, w, {}, {});
    for (int row = 0; row < panel_rows; ++row) {
      std::vector<float> alone(w.size(), 0.0f);
      for (int k = 0; k < 256; ++k)
        alone[static_cast<std::size_t>(k * panel_rows + row)] =
            w[static_cast<std::size_t>(k * panel_rows + row)];
      const Packed one = pack(*format, scalar_quantized, alone, {}, {});
      float scales[2][max_groups];
      std::int16_t integers[2][block_width];
      format->read_row(*format, all.block.data(), row, 256, scales[0], nullptr, integers[0]);
      format->read_row(*format, one.block.data(), row, 256, scales[1], nullptr, integers[1]);
      const std::size_t groups = static_cast<std::size_t>(block_width / format->group);
      CHECK(std::memcmp(scales[0], scales[1], groups * sizeof(float)) == 0);
      CHECK(std::equal(integers[0], integers[0] + block_width, integers[1]));
    }
  }
}

TEST_CASE("packing: rows with NaN or infinity have scale NaN, those too small to matter are zeros") {
  RandomValues random(3);
  for (const PackedFormat* format : packed_formats)
    for (const int width : widths) {
      CAPTURE(format->name);
      const Packed packed = pack(*format, scalar_quantized, block_of_rows(width, random), {}, {});
      for (int row = 0; row < panel_rows; ++row) {
        CAPTURE(row);
        float scales[max_groups];
        std::int16_t integers[block_width];
        format->read_row(*format, packed.block.data(), row, width, scales, nullptr, integers);
        CHECK(std::isnan(scales[0]) == (row >= 13));
        if (row == 1 || row == 2) CHECK(scales[0] == 0.0f);
      }
    }
}

TEST_CASE("packing: with feedback the error is what was to be packed less what it became") {
  RandomValues random(4);
  for (const PackedFormat* format : packed_formats) {
    CAPTURE(format->name);
    const int width = 128;
    const std::vector<float> w = random.values(static_cast<std::size_t>(width * panel_rows));
    const std::vector<float> factors = random.values(static_cast<std::size_t>(width * width), 0.2f);
    const Packed packed = pack(*format, scalar_quantized, w, std::vector<float>(w.size()), factors);
    for (int row = 0; row < panel_rows; ++row) {
      float scales[max_groups];
      std::int16_t integers[block_width];
      format->read_row(*format, packed.block.data(), row, width, scales, nullptr, integers);
      for (int k = 0; k < width; ++k) {
        const std::size_t at = static_cast<std::size_t>(k * panel_rows + row);
        const float became = scales[k / format->group] * static_cast<float>(integers[k]);
        CHECK(packed.error[at] == doctest::Approx(w[at] - became).epsilon(1e-5));
      }
    }
  }
}
