// Codes of one row put into their places in a block of a packed layout (engine/kernels/sub_blocks.h), and where its
// scales belong.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/kernels/sub_blocks.h"

namespace kelvin {

class RowWriter {
 public:
  // `format` has sub-blocks, and must outlive this.
  explicit RowWriter(const kernels::PackedFormat& format);

  // `n` values of row `row`, from k `k` of the block on; both multiples of 32. Each must be one the layout has a code
  // for.
  void write_values(const std::int16_t* values, int n, int k, int row, std::byte* block) const;

  // Of number `at` (of a header's scales, minima or zero points) of row `row`, from byte `from` on.
  template <class Number>
  static void write_number(Number number, int from, int at, int row, std::byte* block) {
    static_assert(std::is_trivially_copyable_v<Number>);
    const auto place = static_cast<std::size_t>(at * kernels::panel_rows + row);
    std::memcpy(block + from + place * sizeof number, &number, sizeof number);
  }

 private:
  void write_lines(const std::uint8_t* codes, std::byte* lines, int row) const;

  const kernels::PackedFormat& format_;
  std::array<std::uint8_t, 256> code_of_{};  // by value, as a byte, where the layout has a table
};

}  // namespace kelvin
