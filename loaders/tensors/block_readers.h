// One function for each quantised format of GGUF. They fill in what its blocks say; before them, read_block_codes sets
// scales to 1 and minimums to 0 where the format has none.
#pragma once

#include <cstdint>

#include "engine/weights/half.h"
#include "loaders/tensors/block_codes.h"

namespace kelvin::blocks {

using Byte = std::uint8_t;

inline std::uint16_t word_at(const Byte* at) { return static_cast<std::uint16_t>(at[0] | at[1] << 8); }
inline float half_at(const Byte* at) { return engine::f16_to_f32(word_at(at)); }

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

}  // namespace kelvin::blocks
