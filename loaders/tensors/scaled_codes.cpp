#include "loaders/tensors/scaled_codes.h"

#include <algorithm>
#include <cstddef>

#include "engine/kernels/sub_blocks.h"
#include "engine/weights/half.h"
#include "engine/weights/packed.h"
#include "loaders/tensors/row_writer.h"
#include "loaders/tensors/scaled_layout.h"

namespace kelvin {
namespace {

using kernels::PackedFormat, kernels::ScaleKind, kernels::block_width;

class ScaledCodes : public ComputedMatrix {
 public:
  explicit ScaledCodes(const ScaledCodesSpec& spec);

  std::size_t row_bytes() const override { return codes_.tensor().stored.data.size() / spec_.rows; }
  void read_rows(std::size_t first, std::size_t count, float* to) const override;
  Storage own_storage() const override { return layout_.storage; }
  void pack_panel(std::size_t first, std::size_t count, std::byte* panel) const override;
  void release() const override;

 private:
  // Of one row.
  struct Row {
    std::vector<float> codes;          // (cols,)
    std::vector<float> scales, zeros;  // (groups,)
  };

  Row row_buffers() const;
  void read_groups(std::size_t row, Row& to) const;
  void read(std::size_t row, Row& to) const;
  float scale_at(std::size_t row, std::size_t group) const;
  std::size_t group_at(std::size_t col) const {
    if (!spec_.group_of.empty()) return spec_.group_of[col];
    return spec_.group_size == 0 ? 0 : col / spec_.group_size;
  }
  ScaledLayout choose_layout(const CodeTensor& codes) const;
  void take_zeros(const Row& row, std::int16_t* values) const;
  void write_scales(const Row& row, std::size_t first, int in_panel, std::byte* block) const;

  ScaledCodesSpec spec_;
  CodeReader codes_;
  TensorFiles::Tensor scales_;
  std::optional<CodeReader> zeros_;
  std::size_t groups_;
  ScaledLayout layout_;
};

ScaledCodes::ScaledCodes(const ScaledCodesSpec& spec)
    : spec_(spec), codes_(spec.codes, spec.cols), scales_(*spec.scales.tensor) {
  groups_ = spec.group_size == 0 ? 1 : (spec.cols + spec.group_size - 1) / spec.group_size;
  if (spec.zeros) zeros_.emplace(*spec.zeros, groups_);
  layout_ = choose_layout(spec.codes);
  spec_.codes.tensor = spec_.scales.tensor = nullptr;  // what they point to may go
  spec_.zeros.reset();
}

ScaledLayout ScaledCodes::choose_layout(const CodeTensor& codes) const {
  ScaleFacts facts(codes);
  Row row = row_buffers();
  const bool one_row = spec_.scales.row_block == 0 && !zeros_;  // holds for all
  for (std::size_t i = 0; i < (one_row ? 1 : spec_.rows); ++i) {
    read_groups(i, row);
    for (std::size_t group = 0; group < groups_; ++group)
      facts.see(row.scales[group], static_cast<int>(row.zeros[group]));
  }
  return facts.layout(shared_run(spec_.cols, spec_.group_size, spec_.group_of));
}

ScaledCodes::Row ScaledCodes::row_buffers() const {
  return {std::vector<float>(spec_.cols), std::vector<float>(groups_), std::vector<float>(groups_)};
}

float ScaledCodes::scale_at(std::size_t row, std::size_t group) const {
  const std::size_t block = spec_.scales.row_block == 0 ? 0 : row / spec_.scales.row_block;
  const std::size_t at = spec_.scales.groups_first ? group * spec_.rows + block : block * groups_ + group;
  return number_at(scales_.stored, at);
}

void ScaledCodes::read_groups(std::size_t row, Row& to) const {
  for (std::size_t group = 0; group < groups_; ++group) to.scales[group] = scale_at(row, group);
  if (zeros_) zeros_->read(row, to.zeros.data());
}

void ScaledCodes::read(std::size_t row, Row& to) const {
  codes_.read(row, to.codes.data());
  read_groups(row, to);
}

void ScaledCodes::read_rows(std::size_t first, std::size_t count, float* to) const {
  const std::size_t size = spec_.group_size == 0 ? spec_.cols : spec_.group_size;
  Row from = row_buffers();
  for (std::size_t row = first; row < first + count; ++row, to += spec_.cols) {
    read(row, from);
    if (!spec_.group_of.empty()) {
      for (std::size_t i = 0; i < spec_.cols; ++i) {
        const std::uint32_t group = spec_.group_of[i];
        to[i] = from.scales[group] * (from.codes[i] - from.zeros[group]);
      }
      continue;
    }
    for (std::size_t group = 0, i = 0; group < groups_; ++group)
      for (const std::size_t end = std::min(i + size, static_cast<std::size_t>(spec_.cols)); i < end; ++i)
        to[i] = from.scales[group] * (from.codes[i] - from.zeros[group]);
  }
}

// Codes to the values of the layout.
void ScaledCodes::take_zeros(const Row& row, std::int16_t* values) const {
  constexpr std::size_t run = 32;  // columns that share a group
  for (std::size_t first = 0; first < spec_.cols; first += run) {
    const auto zero = static_cast<int>(row.zeros[group_at(first)]);
    const int taken = layout_.zeros_apart ? layout_.middle : zero;
    const std::size_t end = std::min(first + run, static_cast<std::size_t>(spec_.cols));
    for (std::size_t i = first; i < end; ++i) values[i] = static_cast<std::int16_t>(values[i] - taken);
  }
}

// Of the block that begins at column `first`.
void ScaledCodes::write_scales(const Row& row, std::size_t first, int in_panel, std::byte* block) const {
  const PackedFormat& format = format_of(layout_.storage);
  const kernels::SubBlocks& codes = *format.sub_blocks;
  const std::size_t width = static_cast<std::size_t>(format.group) << codes.scale_shift;
  const std::size_t end = std::min(first + block_width, static_cast<std::size_t>(spec_.cols));
  int at = 0;
  for (std::size_t col = first; col < end; col += width, ++at) {
    const std::size_t group = group_at(col);
    const float scale = row.scales[group] / static_cast<float>(layout_.unit);
    if (codes.scales == ScaleKind::single)
      RowWriter::write_number(scale, 0, at, in_panel, block);
    else if (codes.scales == ScaleKind::half)
      RowWriter::write_number(engine::f32_to_f16(scale), 0, at, in_panel, block);
    else
      RowWriter::write_number(engine::f32_to_bf16(scale), 0, at, in_panel, block);
    const auto zero = static_cast<std::int8_t>(static_cast<int>(row.zeros[group]) - layout_.middle);
    if (codes.minima) RowWriter::write_number(zero, minima_at(format), at, in_panel, block);
  }
}

void ScaledCodes::pack_panel(std::size_t first, std::size_t count, std::byte* panel) const {
  const PackedFormat& format = format_of(layout_.storage);
  const int cols = static_cast<int>(spec_.cols), padded = kernels::padded_width(cols);
  const RowWriter writer(format);
  Row row = row_buffers();
  const auto stride = static_cast<std::size_t>(padded);
  std::vector<std::int16_t> all(count * stride);  // zeros at the end of each row
  codes_.read_whole(first, count, layout_.unit, all.data(), stride);
  std::fill_n(panel, kernels::panel_bytes(format, cols), std::byte{0});
  for (std::size_t i = 0; i < count; ++i) {
    read_groups(first + i, row);
    std::int16_t* const values = all.data() + i * stride;
    take_zeros(row, values);
    std::byte* block = panel;
    for (int col = 0; col < padded; col += block_width) {
      const int width = std::min(padded - col, int{block_width}), in_panel = static_cast<int>(i);
      writer.write_values(values + col, width, 0, in_panel, block);
      write_scales(row, static_cast<std::size_t>(col), in_panel, block);
      block += kernels::block_bytes(format, width);
    }
  }
}

void ScaledCodes::release() const {
  for (const TensorFiles::Tensor* tensor : {&codes_.tensor(), &scales_})
    if (tensor->file) tensor->file->release(tensor->stored.data);
}

}  // namespace

std::shared_ptr<const ComputedMatrix> scaled_codes(const ScaledCodesSpec& spec) {
  return std::make_shared<ScaledCodes>(spec);
}

}  // namespace kelvin
