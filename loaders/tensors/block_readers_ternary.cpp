#include "loaders/tensors/block_readers.h"

namespace kelvin::blocks {
namespace {

// A byte is a fraction of 256 in base 3: `digits` digits of each of `bytes` bytes, all first digits before all second
// ones.
void base_three(const Byte* from, int bytes, int digits, std::int16_t* codes) {
  for (int i = 0; i < bytes; ++i) {
    unsigned left = from[i];
    for (int digit = 0; digit < digits; ++digit) {
      codes[digit * bytes + i] = static_cast<std::int16_t>(static_cast<int>(left * 3 >> 8) - 1);
      left = left * 3 & 255;
    }
  }
}

}  // namespace

void q1_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  for (int byte = 0; byte < 16; ++byte)
    for (int i = 0; i < 8; ++i)  // a set bit is a positive number
      to.codes[byte * 8 + i] =
          static_cast<std::int16_t>(-bit_signs[block[2 + byte]][static_cast<unsigned>(i)]);
}

void tq1_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block + 52);
  base_three(block, 32, 5, to.codes);
  base_three(block + 32, 16, 5, to.codes + 160);
  base_three(block + 48, 4, 4, to.codes + 240);
}

// The fourth value of two bits is a 2.
void tq2_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block + 64);
  bit_pairs(block, -1, to.codes);
}

}  // namespace kelvin::blocks
