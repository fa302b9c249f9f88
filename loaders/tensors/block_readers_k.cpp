#include "loaders/tensors/block_readers.h"

namespace kelvin::blocks {
namespace {

// Scales and minimums of Q4_K and Q5_K: 6 bits each, in 12 bytes.
void six_bit_scales(const Byte* packed, BlockCodes& to) {
  for (int i = 0; i < 4; ++i) {
    to.scales[i] = packed[i] & 63;
    to.mins[i] = packed[i + 4] & 63;
    to.scales[i + 4] = (packed[i + 8] & 15) | (packed[i] >> 6) << 4;
    to.mins[i + 4] = (packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4;
  }
}

// Of each 64 numbers the first 32 have the low nibbles of 32 bytes, the others the high ones.
void nibbles_of_64(const Byte* from, std::int16_t* codes) {
  for (int part = 0; part < 4; ++part)
    for (int i = 0; i < 32; ++i) {
      codes[part * 64 + i] = from[part * 32 + i] & 15;
      codes[part * 64 + 32 + i] = from[part * 32 + i] >> 4;
    }
}

}  // namespace

void q2_k(const Byte* block, BlockCodes& to) {
  to.d = half_at(block + 80);
  to.dmin = half_at(block + 82);
  for (int i = 0; i < 16; ++i) {
    to.scales[i] = block[i] & 15;
    to.mins[i] = block[i] >> 4;
  }
  bit_pairs(block + 16, 0, to.codes);
}

void q3_k(const Byte* block, BlockCodes& to) {
  const Byte *high = block, *low = block + 32, *scales = block + 96;
  to.d = half_at(block + 108);
  for (int i = 0; i < 16; ++i)
    to.scales[i] = ((scales[i % 8] >> (i / 8 * 4) & 15) | (scales[8 + i % 4] >> (i / 4 * 2) & 3) << 4) - 32;
  bit_pairs(low, -4, to.codes);
  // A set bit takes the offset back.
  for (int part = 0; part < 8; ++part)
    for (int i = 0; i < 32; ++i)
      to.codes[part * 32 + i] =
          static_cast<std::int16_t>(to.codes[part * 32 + i] + (high[i] >> part & 1) * 4);
}

void q4_k(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  to.dmin = half_at(block + 2);
  six_bit_scales(block + 4, to);
  nibbles_of_64(block + 16, to.codes);
}

void q5_k(const Byte* block, BlockCodes& to) {
  const Byte* const high = block + 16;
  to.d = half_at(block);
  to.dmin = half_at(block + 2);
  six_bit_scales(block + 4, to);
  nibbles_of_64(block + 48, to.codes);
  for (int part = 0; part < 8; ++part)
    for (int i = 0; i < 32; ++i)
      to.codes[part * 32 + i] =
          static_cast<std::int16_t>(to.codes[part * 32 + i] | (high[i] >> part & 1) << 4);
}

void q6_k(const Byte* block, BlockCodes& to) {
  const Byte *low = block, *high = block + 128, *scales = block + 192;
  to.d = half_at(block + 208);
  for (int i = 0; i < 16; ++i) to.scales[i] = static_cast<std::int8_t>(scales[i]);
  // Of each 128 numbers the first 64 have the low nibbles of 64 bytes, the other 64 the high ones.
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 64; ++i) {
      to.codes[half * 128 + i] = low[half * 64 + i] & 15;
      to.codes[half * 128 + 64 + i] = low[half * 64 + i] >> 4;
    }
  for (int part = 0; part < 8; ++part)
    for (int i = 0; i < 32; ++i) {
      const int pair = high[part / 4 * 32 + i] >> (part % 4 * 2) & 3;
      to.codes[part * 32 + i] = static_cast<std::int16_t>(to.codes[part * 32 + i] + pair * 16 - 32);
    }
}

}  // namespace kelvin::blocks
