// The first byte's low nibble is number 0, its high nibble number 16.
#include "loaders/tensors/block_readers.h"

namespace kelvin::blocks {
namespace {

void nibbles(const Byte* from, int offset, std::int16_t* codes) {
  for (int i = 0; i < 16; ++i) {
    codes[i] = static_cast<std::int16_t>((from[i] & 15) + offset);
    codes[i + 16] = static_cast<std::int16_t>((from[i] >> 4) + offset);
  }
}

void five_bits(const Byte* high, const Byte* low, int offset, std::int16_t* codes) {
  nibbles(low, offset + 8, codes);
  for (int byte = 0; byte < 4; ++byte)  // the fifth bits: 16 where set, else 0
    for (int i = 0; i < 8; ++i) {
      std::int16_t& code = codes[byte * 8 + i];
      code = static_cast<std::int16_t>(code - 8 * bit_signs[high[byte]][static_cast<unsigned>(i)]);
    }
}

// A minimum that is added.
void add_min(const Byte* at, BlockCodes& to) {
  to.dmin = -half_at(at);
  to.mins[0] = 1;
}

}  // namespace

void q4_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  nibbles(block + 2, -8, to.codes);
}

void q4_1(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  add_min(block + 2, to);
  nibbles(block + 4, 0, to.codes);
}

void q5_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  five_bits(block + 2, block + 6, -16, to.codes);
}

void q5_1(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  add_min(block + 2, to);
  five_bits(block + 4, block + 8, 0, to.codes);
}

void q8_0(const Byte* block, BlockCodes& to) {
  to.d = half_at(block);
  for (int i = 0; i < 32; ++i) to.codes[i] = static_cast<std::int8_t>(block[2 + i]);
}

}  // namespace kelvin::blocks
