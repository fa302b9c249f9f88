#include <bit>

#include "loaders/tensors/block_readers.h"

namespace kelvin::blocks {
namespace {

// Not evenly spaced: closer near 0, where most weights are.
constexpr std::int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};

// Twice the values of E2M1: a sign, two bits of exponent, one of fraction (OCP Microscaling Formats 1.0).
constexpr std::int8_t e2m1_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// The low nibbles of `bytes` bytes, then the high ones.
void look_up(const std::int8_t* values, const Byte* from, int bytes, std::int16_t* codes) {
  for (int i = 0; i < bytes; ++i) {
    codes[i] = values[from[i] & 15];
    codes[i + bytes] = values[from[i] >> 4];
  }
}

// 2^(exponent - 128): half of E8M0, whose 255 is a number here. The lowest two are subnormal.
float half_of_e8m0(unsigned exponent) {
  return std::bit_cast<float>(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
}

// E4M3 without its sign as a multiple of 2^-9. 0x7f is 0; the unused eighth bit makes another number of it.
int e4m3_of(unsigned byte) {
  const int exponent = static_cast<int>(byte >> 3 & 15), fraction = static_cast<int>(byte & 7);
  if (byte == 0x7f) return 0;
  return exponent == 0 ? fraction : (8 + fraction) << (exponent - 1);
}

}  // namespace

void iq4_nl(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  look_up(iq4_values, block + 2, 16, to.codes);
}

void iq4_xs(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  const unsigned high = word_at(block + 2);
  const Byte* const low = block + 4;
  for (int i = 0; i < 8; ++i) {
    const unsigned scale = (low[i / 2] >> (i % 2 * 4) & 15u) | (high >> (2 * i) & 3u) << 4;
    to.scales[i] = static_cast<int>(scale) - 32;
    look_up(iq4_values, block + 8 + i * 16, 16, to.codes + i * 32);
  }
}

void mxfp4(const Byte* block, BlockCodes& to) {
  to.d = half_of_e8m0(block[0]);
  look_up(e2m1_values, block + 1, 16, to.codes);
}

// A scale of the whole tensor stands beside it, in a tensor of its own.
void nvfp4(const Byte* block, BlockCodes& to) {
  to.d = 0x1p-10f;  // half of E4M3's unit
  for (int i = 0; i < 4; ++i) {
    to.scales[i] = e4m3_of(block[i]);
    look_up(e2m1_values, block + 4 + i * 8, 8, to.codes + i * 16);
  }
}

}  // namespace kelvin::blocks
