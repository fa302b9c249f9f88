// The blocking of the AMX table on a model of the tile unit, so that it is tested where there is none; and
// the real one where there is.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "engine/kernels/instruction_sets.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/packed_formats.h"
#include "engine/weights/packed.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/random_values.h"

#include "engine/kernels/quantized_blocks.h"

#include "engine/kernels/amx_blocking.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

// Eight tiles of 16 rows of 64 bytes, with the instructions as Intel's manual defines them.
class ModelTiles {
 public:
  void zero_sums() {
    for (int i = 0; i < 4; ++i) std::memset(tile_[i], 0, sizeof tile_[i]);
  }
  void load_x(const std::int8_t* x0, const std::int8_t* x1) {
    load(4, x0, block_width);
    load(5, x1, block_width);
  }
  void load_w(const std::byte* w0, const std::byte* w1) {
    load(6, w0, 64);
    load(7, w1, 64);
  }
  void multiply() {
    dot_signed_unsigned(0, 4, 6);
    dot_signed_unsigned(1, 4, 7);
    dot_signed_unsigned(2, 5, 6);
    dot_signed_unsigned(3, 5, 7);
  }
  void store_sums(std::int32_t (&sums)[2][2][tile_columns][panel_rows]) {
    for (int i = 0; i < 4; ++i) std::memcpy(sums[i / 2][i % 2], tile_[i], sizeof tile_[i]);
  }

 private:
  void load(int tile, const void* from, int stride) {  // TILELOADD
    for (int row = 0; row < 16; ++row)
      std::memcpy(tile_[tile][row], static_cast<const std::byte*>(from) + row * stride, 64);
  }
  void dot_signed_unsigned(int c, int a, int b) {  // TDPBSUD
    for (int m = 0; m < 16; ++m)
      for (int k = 0; k < 16; ++k)
        for (int n = 0; n < 16; ++n) {
          std::int32_t sum;
          std::memcpy(&sum, &tile_[c][m][4 * n], sizeof sum);
          for (int i = 0; i < 4; ++i)
            sum += static_cast<std::int8_t>(tile_[a][m][4 * k + i]) * tile_[b][k][4 * n + i];
          std::memcpy(&tile_[c][m][4 * n], &sum, sizeof sum);
        }
  }

  std::uint8_t tile_[8][16][64];
};

void check_blocking(int rows, int cols, int tokens, ActivationFormat format, RandomValues& random) {
  CAPTURE(format.planes);
  CAPTURE(rows);
  CAPTURE(cols);
  CAPTURE(tokens);
  std::vector<std::byte> packed(packed_bytes(Storage::q8, rows, cols));
  for (std::byte& b : packed) b = static_cast<std::byte>(random.below(256));
  for (std::size_t panel = 0; panel < packed.size(); panel += packed_panel_bytes(Storage::q8, cols))
    for (std::size_t at = panel; at < panel + packed_panel_bytes(Storage::q8, cols);
         at += packed_panel_bytes(Storage::q8, block_width))
      for (std::size_t i = 0; i < max_groups * panel_rows; ++i) {
        const float scale = random.value();
        std::memcpy(packed.data() + at + 2 * i, reinterpret_cast<const char*>(&scale) + 2, 2);
      }
  const std::vector<float> inputs = random.values(static_cast<std::size_t>(tokens * cols), 3.0f);
  const test::QuantizedRows x(scalar_quantized, inputs.data(), static_cast<std::size_t>(cols), tokens, cols,
                              format);

  const std::size_t stride = static_cast<std::size_t>(rows) + 2;
  std::vector<float> expected(stride * static_cast<std::size_t>(tokens), 77.0f), found = expected;
  AlignedBuffer scratch(matmul_scratch(tokens) * sizeof(float));
  QuantizedMatmul m{packed.data(), rows, x.view(), nullptr, expected.data(), stride, scratch.floats()};
  scalar_quantized.q8.matmul(m);
  m.y = found.data();
  ModelTiles tiles;
  for_all_blocks<q8_format, WeightsAt::first_step>(
      m, unpacked_panels,
      [&](const KernelCall& call, int panels) { multiply_block_in_tiles(tiles, call, panels); });
  CHECK(std::memcmp(expected.data(), found.data(), expected.size() * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("AMX blocking on a model of the tile unit") {
  RandomValues random(1);
  for (const ActivationFormat format : test::formats_for(Storage::q8)) {
    for (const int tokens : {1, 9, 15, 16, 17, 31, 32, 33, 50})
      check_blocking(40, 100, tokens, format, random);
    for (const int rows : {1, 16, 17, 33, 48, 64, 65, 130}) check_blocking(rows, 64, 19, format, random);
    for (const int cols : {1, 63, 65, 128, 192, 256, 257, 576}) check_blocking(20, cols, 10, format, random);
  }
}

TEST_CASE("AMX on this processor") {
  for (const InstructionSet& set : instruction_sets())
    if (set.name == std::string("amx") && set.runs_here && set.runs_here()) {
      CHECK(supported_kernels().front()->name ==
            std::string("amx"));  // quantized_kernels_test.cpp compares it
      return;
    }
  MESSAGE("SKIPPED: this processor has no AMX; the blocking alone was tested");
}
