#include "loaders/tensors/row_writer.h"

#include <algorithm>

namespace kelvin {
namespace {

using kernels::SubBlocks, kernels::step_width, kernels::sub_block_lines;

constexpr int steps_of_lines = sub_block_lines / step_width;

void write_word(std::uint32_t word, std::byte* line, int row) {
  std::memcpy(line + row * step_width, &word, sizeof word);
}

// A plane of `bits` bits of each code, from bit `from` on.
void write_plane(const std::uint32_t (&steps)[steps_of_lines], int bits, int from, std::byte* lines,
                 int row) {
  const std::uint32_t mask = 0x01010101u * ((1u << bits) - 1);
  const int in_line = 8 / bits;
  for (int step = 0; step < steps_of_lines; step += in_line) {
    std::uint32_t word = 0;
    for (int i = 0; i < in_line; ++i) word |= (steps[step + i] >> from & mask) << i * bits;
    write_word(word, lines + step / in_line * 64, row);
  }
}

}  // namespace

RowWriter::RowWriter(const kernels::PackedFormat& format) : format_(format) {
  const SubBlocks& codes = *format.sub_blocks;
  for (int code = (1 << std::min(codes.code_bits, 4)) - 1; codes.values && code >= 0; --code)
    code_of_[static_cast<std::uint8_t>(codes.values[code])] = static_cast<std::uint8_t>(code);
}

void RowWriter::write_values(const std::int16_t* values, int n, int k, int row, std::byte* block) const {
  std::uint8_t codes[sub_block_lines];
  const int bytes = 64 * format_.sub_blocks->code_bits, zero = format_.sub_blocks->zero;
  const bool table = format_.sub_blocks->values != nullptr;
  for (int i = 0; i < n; i += sub_block_lines) {
    if (table)
      for (int j = 0; j < sub_block_lines; ++j) codes[j] = code_of_[static_cast<std::uint8_t>(values[i + j])];
    else
      for (int j = 0; j < sub_block_lines; ++j) codes[j] = static_cast<std::uint8_t>(values[i + j] + zero);
    write_lines(codes, block + format_.header_bytes + (k + i) / sub_block_lines * bytes, row);
  }
}

void RowWriter::write_lines(const std::uint8_t* codes, std::byte* lines, int row) const {
  std::uint32_t steps[steps_of_lines];
  std::memcpy(steps, codes, sizeof steps);
  const int bits = format_.sub_blocks->code_bits;
  switch (bits) {
    case 3:
      write_plane(steps, 2, 0, lines, row);
      return write_plane(steps, 1, 2, lines + 2 * 64, row);
    case 5:
      write_plane(steps, 4, 0, lines, row);
      return write_plane(steps, 1, 4, lines + 4 * 64, row);
    case 6:
      write_plane(steps, 4, 0, lines, row);
      return write_plane(steps, 2, 4, lines + 4 * 64, row);
    case 8:
      for (int step = 0; step < steps_of_lines; ++step) write_word(steps[step], lines + step * 64, row);
      return;
    default:
      return write_plane(steps, bits, 0, lines, row);
  }
}

}  // namespace kelvin
