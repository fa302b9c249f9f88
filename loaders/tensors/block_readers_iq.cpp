// Blocks of 256. A code is an index into a grid of 8 or 4 values; its high bits stand apart from its low byte.
#include <bit>

#include "loaders/tensors/block_readers.h"
#include "loaders/tensors/iq_grids.h"

namespace kelvin::blocks {
namespace {

std::uint32_t four_bytes(const Byte* at) {
  return word_at(at) | static_cast<std::uint32_t>(word_at(at + 2)) << 16;
}

// Seven signs; the eighth makes the number of negative ones even.
const std::int8_t* eight_signs(unsigned seven) {
  return bit_signs[seven | (static_cast<unsigned>(std::popcount(seven)) & 1u) << 7].data();
}

// `signs` (size,): rows of bit_signs, or their halves.
template <std::size_t size>
void put_signed(const std::array<std::int8_t, size>& point, const std::int8_t* signs, std::int16_t* codes) {
  for (std::size_t i = 0; i < size; ++i) codes[i] = static_cast<std::int16_t>(point[i] * signs[i]);
}

// Scales 2n + 1, each n a nibble, the low one of a byte first.
void odd_scales(const Byte* nibbles, int count, std::int32_t* scales) {
  for (int i = 0; i < count; ++i) scales[i] = 2 * (nibbles[i / 2] >> (i % 2 * 4) & 15) + 1;
}

// IQ1: values are off by an eighth, so eight times the value is a whole number.
void put_eighths(const std::array<std::int8_t, 8>& point, bool less, std::int16_t* codes) {
  for (std::size_t i = 0; i < 8; ++i) codes[i] = static_cast<std::int16_t>(point[i] * 8 + (less ? -1 : 1));
}

}  // namespace

void iq2_xxs(const Byte* block, BlockCodes& to) {
  to.d = half_at(block) / 8;
  for (int part = 0; part < 8; ++part) {
    const Byte* const indices = block + 2 + part * 8;
    const std::uint32_t rest = four_bytes(indices + 4);
    to.scales[part] = static_cast<int>(2 * (rest >> 28) + 1);
    for (int i = 0; i < 4; ++i)
      put_signed(iq2_xxs_grid[indices[i]], eight_signs(rest >> (7 * i) & 127), to.codes + part * 32 + i * 8);
  }
}

void iq2_xs(const Byte* block, BlockCodes& to) {
  to.d = half_at(block) / 8;
  odd_scales(block + 66, 16, to.scales);
  for (int i = 0; i < 32; ++i) {
    const unsigned code = word_at(block + 2 + 2 * i);
    put_signed(iq2_xs_grid[code & 511], eight_signs(code >> 9), to.codes + i * 8);
  }
}

void iq2_s(const Byte* block, BlockCodes& to) {
  const Byte *low = block + 2, *signs = block + 34, *high = block + 66;
  to.d = half_at(block) / 8;
  odd_scales(block + 74, 16, to.scales);
  for (int i = 0; i < 32; ++i) {
    const unsigned index = low[i] | (high[i / 4] >> (i % 4 * 2) & 3u) << 8;
    put_signed(iq2_s_grid[index], bit_signs[signs[i]].data(), to.codes + i * 8);
  }
}

void iq3_xxs(const Byte* block, BlockCodes& to) {
  to.d = half_at(block) / 4;
  for (int part = 0; part < 8; ++part) {
    const Byte* const indices = block + 2 + part * 8;
    const std::uint32_t rest = four_bytes(block + 66 + part * 4);
    to.scales[part] = static_cast<int>(2 * (rest >> 28) + 1);
    for (int i = 0; i < 8; ++i)
      put_signed(iq3_xxs_grid[indices[i]], eight_signs(rest >> (i / 2 * 7) & 127) + i % 2 * 4,
                 to.codes + part * 32 + i * 4);
  }
}

void iq3_s(const Byte* block, BlockCodes& to) {
  const Byte *low = block + 2, *high = block + 66, *signs = block + 74;
  to.d = half_at(block);
  odd_scales(block + 106, 8, to.scales);
  for (int i = 0; i < 64; ++i) {
    const unsigned index = low[i] | (high[i / 8] >> (i % 8) & 1u) << 8;
    put_signed(iq3_s_grid[index], bit_signs[signs[i / 2]].data() + i % 2 * 4, to.codes + i * 4);
  }
}

void iq1_s(const Byte* block, BlockCodes& to) {
  to.d = half_at(block) / 8;
  for (int part = 0; part < 8; ++part) {
    const Byte* const low = block + 2 + part * 4;
    const unsigned rest = word_at(block + 34 + part * 2);
    to.scales[part] = static_cast<int>(2 * (rest >> 12 & 7) + 1);
    for (int i = 0; i < 4; ++i)
      put_eighths(iq1_grid[low[i] | (rest >> (3 * i) & 7) << 8], rest >> 15, to.codes + part * 32 + i * 8);
  }
}

// The block's float16 is cut into the highest nibbles of the four words of scales.
void iq1_m(const Byte* block, BlockCodes& to) {
  const Byte *low = block, *high = block + 32, *words = block + 48;
  unsigned scale = 0;
  for (int i = 0; i < 4; ++i) scale |= (word_at(words + 2 * i) >> 12 & 15u) << (4 * i);
  to.d = engine::f16_to_f32(static_cast<std::uint16_t>(scale)) / 8;
  for (int i = 0; i < 16; ++i) to.scales[i] = 2 * (word_at(words + i / 4 * 2) >> (i % 4 * 3) & 7) + 1;
  for (int i = 0; i < 32; ++i) {
    const unsigned rest = static_cast<unsigned>(high[i / 2]) >> (i % 2 * 4);
    put_eighths(iq1_grid[low[i] | (rest & 7) << 8], rest >> 3 & 1, to.codes + i * 8);
  }
}

}  // namespace kelvin::blocks
