#include "engine/weights/packed.h"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/kernels/quantized.h"

using namespace kelvin;

TEST_CASE("packed sizes: 8.25 and 4.375 bits a weight where rows and columns are whole") {
  constexpr std::size_t weights = 2048 * 2048;
  CHECK(packed_bytes(Storage::q8, 2048, 2048) * 32 == weights * 33);
  CHECK(packed_bytes(Storage::q4, 2048, 2048) * 64 == weights * 35);
  CHECK(packed_bytes(Storage::q4, 1, 1) == 192 + 8 * 64);
  CHECK(packed_bytes(Storage::q8, 17, 576) == 2 * (3 * 128 + 16 * 576));
  CHECK(packed_panel_bytes(Storage::q4, 300) == 2 * 192 + 8 * 320);
}

TEST_CASE("unpack_row reads the layout as kernels/quantized.h describes it") {
  const int cols = 320, row = 21, lane = row - 16;
  std::vector<std::byte> q8(packed_bytes(Storage::q8, 32, cols)), q4(packed_bytes(Storage::q4, 32, cols));
  std::byte* const q8_block = q8.data() + packed_panel_bytes(Storage::q8, cols);  // first of panel 1
  const float scale = 0.375f;
  const std::uint16_t bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(scale) >> 16);
  std::memcpy(q8_block + 2 * (3 * 16 + lane), &bits, 2);                             // k = 192 .. 255
  std::memcpy(q8_block + 128 + 16 * 256 + 2 * lane, &bits, 2);                       // k = 256 .. 319
  q8_block[128 + 201 / 4 * 64 + 4 * lane + 1] = std::byte{128 + 50};                 // k = 201
  q8_block[128 + 16 * 256 + 128 + 9 / 4 * 64 + 4 * lane + 1] = std::byte{128 - 77};  // k = 256 + 9
  std::vector<float> out(cols, 5.0f);
  unpack_row(Storage::q8, q8.data(), row, cols, out.data());
  CHECK(out[256 + 9] == -77 * 0.375f);
  CHECK(out[256 + 10] == -128 * 0.375f);
  CHECK(out[201] == 50 * 0.375f);
  CHECK(out[9] == 0.0f);

  std::byte* const q4_block = q4.data() + packed_panel_bytes(Storage::q4, cols) + 192 + 8 * 256;
  const std::uint16_t sign = 1u << lane;
  std::memcpy(q4_block + 160 + 2 * lane, &bits, 2);
  q4_block[lane] = std::byte{13 << 4 | 4};                         // sub-scales 0 and 1: 4, 13
  std::memcpy(q4_block + 128 + 2, &sign, 2);                       // the second one is negative
  q4_block[192 + 1 * 64 + 4 * lane + 2] = std::byte{3 << 4 | 15};  // k = 8 + 2: code 7, k = 12 + 2: code -5
  q4_block[192 + 2 * 64 + 4 * lane] = std::byte{0 << 4 | 9};       // k = 16: code 1, k = 20: code -8
  unpack_row(Storage::q4, q4.data(), row, cols, out.data());
  CHECK(out[256 + 10] == 4 * 7 * 0.375f);
  CHECK(out[256 + 14] == 4 * -5 * 0.375f);
  CHECK(out[256 + 16] == -13 * 1 * 0.375f);
  CHECK(out[256 + 20] == -13 * -8 * 0.375f);
  CHECK(out[256 + 32] == 0.0f);
}
