#include "loaders/tensors/repack.h"

#include <algorithm>
#include <cstdint>

#include "engine/kernels/sub_blocks.h"
#include "engine/weights/half.h"
#include "engine/weights/packed.h"
#include "loaders/tensors/block_codes.h"
#include "loaders/tensors/row_writer.h"

namespace kelvin {
namespace {

using kernels::PackedFormat, kernels::ScaleKind, kernels::SubBlocks, kernels::block_width;

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

// Scales and minima of one row of a block.
class ScaleWriter {
 public:
  explicit ScaleWriter(const PackedFormat& format) : format_(format), codes_(*format.sub_blocks) {}

  // Those of the `n` numbers of a file's block, which are numbers from `k` on of the row's block.
  void write(const BlockForm& form, const BlockCodes& from, int n, int k, int row, std::byte* block) const {
    for (int i = 0; i < n; i += format_.group)
      write_group(from, i / form.sub, (k + i) / format_.group, row, block);
    if (codes_.scales < ScaleKind::bytes) return;
    write_half(from.d / codes_.unit, super_scales_at(format_), 0, row, block);
    if (codes_.minima) write_half(-from.dmin, super_minima_at(format_), 0, row, block);
  }

 private:
  void write_group(const BlockCodes& from, int sub, int group, int row, std::byte* block) const {
    const int scale = from.scales[sub], minimum = from.mins[sub];
    switch (codes_.scales) {
      case ScaleKind::single:  // of folders alone
        break;
      case ScaleKind::half:
        write_half(from.d * static_cast<float>(scale), 0, group, row, block);
        if (codes_.minima)
          write_half(-(from.dmin * static_cast<float>(minimum)), minima_at(format_), group, row, block);
        break;
      case ScaleKind::bfloat16:
        RowWriter::write_number(engine::f32_to_bf16(from.d * static_cast<float>(scale)), 0, group, row,
                                block);
        break;
      case ScaleKind::bytes:
        RowWriter::write_number(static_cast<std::int8_t>(scale), 0, group, row, block);
        if (codes_.minima)
          RowWriter::write_number(static_cast<std::int8_t>(minimum), minima_at(format_), group, row, block);
        break;
      case ScaleKind::nibbles:
        RowWriter::write_number(static_cast<std::uint8_t>(scale | minimum << 4), 0, group, row, block);
        break;
    }
  }

  // Numbers that were sixteen bits in the file.
  static void write_half(float value, int from, int at, int row, std::byte* block) {
    RowWriter::write_number(engine::f32_to_f16(value), from, at, row, block);
  }

  const PackedFormat& format_;
  const SubBlocks& codes_;
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
  const int elements = static_cast<int>(dtype_info(dtype).elements);  // of a file's block: 256 at most
  const std::size_t row_bytes = stored_bytes(dtype, static_cast<std::size_t>(cols));
  const RowWriter writer(format);
  const ScaleWriter scales(format);
  std::fill_n(panel, kernels::panel_bytes(format, cols), std::byte{0});
  BlockCodes codes;
  // Block by block, so that one is in L1 while its rows are put in.
  for (int first = 0; first < cols; first += block_width, panel += kernels::block_bytes(format, block_width))
    for (int row = 0; row < rows; ++row) {
      const std::byte* const from_row = from + static_cast<std::size_t>(row) * row_bytes;
      for (int k = first; k < std::min(cols, first + block_width); k += elements) {
        read_block_codes(form, from_row + stored_bytes(dtype, static_cast<std::size_t>(k)), codes);
        writer.write_values(codes.codes, elements, k - first, row, panel);
        scales.write(form, codes, elements, k - first, row, panel);
      }
    }
}

}  // namespace kelvin
