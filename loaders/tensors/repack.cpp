#include "loaders/tensors/repack.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "engine/kernels/sub_blocks.h"
#include "engine/weights/half.h"
#include "engine/weights/packed.h"
#include "loaders/tensors/block_codes.h"

namespace kelvin {
namespace {

using kernels::PackedFormat, kernels::ScaleKind, kernels::SubBlocks, kernels::block_width,
    kernels::panel_rows, kernels::step_width, kernels::sub_block_lines;

constexpr int steps_of_lines = sub_block_lines / step_width;

constexpr struct {
  Dtype dtype;
  Storage storage;
} own_storages[] = {
    {Dtype::q4_0, Storage::q4_0},   {Dtype::q4_1, Storage::q4_1},       {Dtype::q5_0, Storage::q5_0},
    {Dtype::q5_1, Storage::q5_1},   {Dtype::q8_0, Storage::q8_0},       {Dtype::q2_k, Storage::q2_k},
    {Dtype::q3_k, Storage::q3_k},   {Dtype::q4_k, Storage::q4_k},       {Dtype::q5_k, Storage::q5_k},
    {Dtype::q6_k, Storage::q6_k},   {Dtype::iq4_nl, Storage::iq4_nl},   {Dtype::iq4_xs, Storage::iq4_xs},
    {Dtype::mxfp4, Storage::mxfp4}, {Dtype::nvfp4, Storage::nvfp4},     {Dtype::q1_0, Storage::q1_0},
    {Dtype::tq1_0, Storage::tq},    {Dtype::tq2_0, Storage::tq},        {Dtype::iq1_s, Storage::iq1},
    {Dtype::iq1_m, Storage::iq1},   {Dtype::iq2_xxs, Storage::iq2},     {Dtype::iq2_xs, Storage::iq2},
    {Dtype::iq2_s, Storage::iq2},   {Dtype::iq3_xxs, Storage::iq3_xxs}, {Dtype::iq3_s, Storage::iq3_s},
};

// Puts codes and scales of one row of a block of 256 k into its place in a panel.
class RowWriter {
 public:
  RowWriter(const PackedFormat& format) : format_(format), codes_(*format.sub_blocks) {
    if (codes_.values)
      for (int code = (1 << std::min(codes_.code_bits, 4)) - 1; code >= 0; --code)
        code_of_[static_cast<std::uint8_t>(codes_.values[code])] = static_cast<std::uint8_t>(code);
    else
      for (int value = -128; value < 128; ++value)
        code_of_[static_cast<std::uint8_t>(value)] = static_cast<std::uint8_t>(value + codes_.zero);
  }

  // `n` numbers of a file's block, from number `k` of the row's block on; `first` is the first one's place there.
  void write(const BlockForm& form, const BlockCodes& from, int first, int n, int k, int row,
             std::byte* block) {
    std::uint8_t codes[block_width];
    for (int i = 0; i < n; ++i) codes[i] = code_of_[static_cast<std::uint8_t>(from.codes[first + i])];
    for (int i = 0; i < n; i += sub_block_lines)
      write_lines(codes + i, block + format_.header_bytes + (k + i) / sub_block_lines * 64 * codes_.code_bits,
                  row);
    for (int i = 0; i < n; i += format_.group)
      write_scale(from, (first + i) / form.sub, (k + i) / format_.group, row, block);
    if (codes_.scales < ScaleKind::bytes) return;
    write_half(from.d / codes_.unit, block + super_scales_at(format_) + 2 * row);
    if (codes_.minima) write_half(-from.dmin, block + super_minima_at(format_) + 2 * row);
  }

 private:
  static void write_word(std::uint32_t word, std::byte* line, int row) {
    std::memcpy(line + row * step_width, &word, sizeof word);
  }

  // A plane of `bits` bits of each code, from bit `from` on.
  static void write_plane(const std::uint32_t (&steps)[steps_of_lines], int bits, int from, std::byte* lines,
                          int row) {
    const std::uint32_t mask = 0x01010101u * ((1u << bits) - 1);
    const int in_line = 8 / bits;
    for (int step = 0; step < steps_of_lines; step += in_line) {
      std::uint32_t word = 0;
      for (int i = 0; i < in_line; ++i) word |= (steps[step + i] >> from & mask) << i * bits;
      write_word(word, lines + step / in_line * 64, row);
    }
  }

  void write_lines(const std::uint8_t* codes, std::byte* lines, int row) const {
    std::uint32_t steps[steps_of_lines];
    std::memcpy(steps, codes, sizeof steps);
    switch (codes_.code_bits) {
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
        return write_plane(steps, codes_.code_bits, 0, lines, row);
    }
  }

  void write_scale(const BlockCodes& from, int sub, int group, int row, std::byte* block) const {
    const int at = group * panel_rows + row;
    const int scale = from.scales[sub], minimum = from.mins[sub];
    switch (codes_.scales) {
      case ScaleKind::half:
        write_half(from.d * static_cast<float>(scale), block + 2 * at);
        if (codes_.minima)
          write_half(-(from.dmin * static_cast<float>(minimum)), block + minima_at(format_) + 2 * at);
        break;
      case ScaleKind::bfloat16: {
        const std::uint16_t bits = engine::f32_to_bf16(from.d * static_cast<float>(scale));
        std::memcpy(block + 2 * at, &bits, sizeof bits);
        break;
      }
      case ScaleKind::bytes:
        block[at] = static_cast<std::byte>(scale);
        if (codes_.minima) block[minima_at(format_) + at] = static_cast<std::byte>(minimum);
        break;
      case ScaleKind::nibbles:
        block[at] = static_cast<std::byte>(scale | minimum << 4);
        break;
    }
  }

  // Numbers that were sixteen bits in the file.
  static void write_half(float value, std::byte* to) {
    const std::uint16_t bits = engine::f32_to_f16(value);
    std::memcpy(to, &bits, sizeof bits);
  }

  const PackedFormat& format_;
  const SubBlocks& codes_;
  std::array<std::uint8_t, 256> code_of_{};  // by value, as a byte
};

}  // namespace

std::optional<Storage> own_storage(Dtype dtype) {
  for (const auto& own : own_storages)
    if (own.dtype == dtype) return own.storage;
  return std::nullopt;
}

void repack_panel(Dtype dtype, const std::byte* from, int rows, int cols, std::byte* panel) {
  const PackedFormat& format = format_of(*own_storage(dtype));
  const BlockForm& form = *block_form(dtype);
  const int elements = static_cast<int>(dtype_info(dtype).elements);
  const std::size_t row_bytes = stored_bytes(dtype, static_cast<std::size_t>(cols));
  const int together = std::min(elements, int{block_width});
  RowWriter writer(format);
  std::fill_n(panel, kernels::panel_bytes(format, cols), std::byte{0});
  BlockCodes codes;
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < cols; k += together) {
      const std::size_t in_row = stored_bytes(dtype, static_cast<std::size_t>(k / elements * elements));
      if (k % elements == 0)
        read_block_codes(form, from + static_cast<std::size_t>(row) * row_bytes + in_row, codes);
      const int block = k / block_width;
      writer.write(form, codes, k % elements, together, k % block_width, row,
                   panel + static_cast<std::size_t>(block) * kernels::block_bytes(format, block_width));
    }
}

}  // namespace kelvin
