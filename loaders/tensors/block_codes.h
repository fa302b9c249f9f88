// What a block of GGUF's quantised formats holds, in one form for all of them: integers, and one or two floats.
//   number k of the block = d * scales[k / sub] * codes[k] - dmin * mins[k / sub]
// Codes are the values that the format's tables and grids stand for, with their signs. d * scale and dmin * min are
// exact in float32 (where they do not overflow), and the whole, in float32 and in this order, is what dequantize()
// gives, bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

struct BlockCodes {
  float d, dmin;  // Inf and NaN too, if the file has them; dmin is 0 where the format has no minimums
  std::int32_t scales[16];  // (elements / sub,)
  std::int32_t mins[16];    // (elements / sub,)
  std::int16_t codes[256];  // (elements,)
};

// A format, and bounds of what its blocks hold, whatever their bytes are. dtype_info(dtype) has the numbers and bits
// of a block.
struct BlockForm {
  Dtype dtype;
  int sub;  // numbers that share a scale and a minimum: 16 or 32
  int lowest_code, highest_code;
  int lowest_scale, highest_scale;  // both 1 where d is all the scale there is
  int highest_min;                  // the lowest is 0; 0 where the format has no minimums
  void (*reader)(const std::uint8_t* block, BlockCodes& to);  // for read_block_codes
};

// nullptr for every format that is not GGUF's and quantised.
const BlockForm* block_form(Dtype dtype);

// Reads the block at `block`, at any alignment.
void read_block_codes(const BlockForm& form, const std::byte* block, BlockCodes& to);

}  // namespace kelvin
