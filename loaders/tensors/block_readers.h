// One function for each quantised format of GGUF. They fill in what its blocks say; before them, read_block_codes sets
// scales to 1 and minimums to 0 where the format has none.
#pragma once

#include <array>
#include <cstdint>

#include "engine/weights/half.h"
#include "loaders/tensors/block_codes.h"

namespace kelvin::blocks {

using Byte = std::uint8_t;

inline std::uint16_t word_at(const Byte* at) { return static_cast<std::uint16_t>(at[0] | at[1] << 8); }
inline float half_at(const Byte* at) { return engine::f16_to_f32(word_at(at)); }

// [byte][i]: -1 where bit i of the byte is set, else 1.
inline constexpr auto bit_signs = [] {
  std::array<std::array<std::int8_t, 8>, 256> signs{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned i = 0; i < 8; ++i) signs[byte][i] = byte >> i & 1 ? -1 : 1;
  return signs;
}();

// 256 codes in pairs of bits: of each 128, the first 32 are the lowest pairs of 32 bytes.
inline void bit_pairs(const Byte* from, int offset, std::int16_t* codes) {
  for (int part = 0; part < 8; ++part)
    for (int i = 0; i < 32; ++i)
      codes[part * 32 + i] =
          static_cast<std::int16_t>((from[part / 4 * 32 + i] >> (part % 4 * 2) & 3) + offset);
}

// block_readers_32.cpp: blocks of 32 with a scale each.
void q4_0(const Byte* block, BlockCodes& to);
void q4_1(const Byte* block, BlockCodes& to);
void q5_0(const Byte* block, BlockCodes& to);
void q5_1(const Byte* block, BlockCodes& to);
void q8_0(const Byte* block, BlockCodes& to);

// block_readers_k.cpp: blocks of 256 with integer scales of their parts.
void q2_k(const Byte* block, BlockCodes& to);
void q3_k(const Byte* block, BlockCodes& to);
void q4_k(const Byte* block, BlockCodes& to);
void q5_k(const Byte* block, BlockCodes& to);
void q6_k(const Byte* block, BlockCodes& to);

// block_readers_table.cpp: codes of four bits that stand for values of a table.
void iq4_nl(const Byte* block, BlockCodes& to);
void iq4_xs(const Byte* block, BlockCodes& to);
void mxfp4(const Byte* block, BlockCodes& to);
void nvfp4(const Byte* block, BlockCodes& to);

// block_readers_ternary.cpp: -1, 0 and 1, with one scale for the block.
void q1_0(const Byte* block, BlockCodes& to);
void tq1_0(const Byte* block, BlockCodes& to);
void tq2_0(const Byte* block, BlockCodes& to);

// block_readers_iq.cpp: codes that stand for points of a grid.
void iq1_s(const Byte* block, BlockCodes& to);
void iq1_m(const Byte* block, BlockCodes& to);
void iq2_xxs(const Byte* block, BlockCodes& to);
void iq2_xs(const Byte* block, BlockCodes& to);
void iq2_s(const Byte* block, BlockCodes& to);
void iq3_xxs(const Byte* block, BlockCodes& to);
void iq3_s(const Byte* block, BlockCodes& to);

}  // namespace kelvin::blocks
