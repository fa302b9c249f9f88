#include <algorithm>
#include <vector>

#include "engine/forward/matmul.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/quantize/error_feedback.h"
#include "engine/quantize/panel_columns.h"
#include "engine/quantize/quantize.h"

namespace kelvin {
namespace {

using engine::ErrorFeedback, engine::Rows;

using kernels::BlockFeedback, kernels::FloatMatmul, kernels::block_width, kernels::panel_rows;

// Some panels of a matrix, block by block: what the errors of all earlier blocks ask for is a product of
// matrices, the rest is the kernels' work.
class PanelsWithFeedback {
 public:
  static constexpr int max_panels = 8;  // that share one reading of the feedback
  static constexpr std::size_t cached_floats = std::size_t{1} << 16;

  PanelsWithFeedback(Storage format, const Matrix& from, const Kernels& kernels,
                     const ErrorFeedback& feedback)
      : format_(format),
        from_(from),
        kernels_(kernels),
        feedback_(feedback),
        panel_bytes_(packed_panel_bytes(format, from.cols)),
        memory_(max_panels * panel_rows * (Rows::stride_for(from.cols) + Rows::stride_for(block_width)) *
                sizeof(float)) {
    errors_ = {memory_.floats(), Rows::stride_for(from.cols)};
    asked_for_ = {errors_[max_panels * panel_rows], Rows::stride_for(block_width)};
    fill_up_last();
  }

  void pack(int first_panel, int panels, std::byte* packed) {
    std::size_t done = 0;
    for (int first = 0; first < from_.cols; first += block_width) {
      const int columns = std::min(block_width, from_.cols - first);
      sum_up(first, columns, panels);
      for (int panel = 0; panel < panels; ++panel)
        pack_block(first_panel + panel, panel * panel_rows, first, columns,
                   packed + panel * panel_bytes_ + done);
      done += packed_panel_bytes(format_, kernels::padded_width(columns));
    }
  }

 private:
  void sum_up(int first, int columns, int panels) {
    if (first == 0) return;
    const float* const factors = feedback_.from_earlier(first / block_width).data();
    // As many rows as stay in L2 while the panels' rows pass.
    const int together =
        std::max(4, static_cast<int>(cached_floats / static_cast<std::size_t>(first)) / 4 * 4);
    for (int row = 0; row < columns; row += together) {
      FloatMatmul m;
      m.w = factors + static_cast<std::size_t>(row) * static_cast<std::size_t>(first);
      m.rows = std::min(together, columns - row);
      m.cols = first;
      m.x = errors_.data;
      m.x_stride = errors_.stride;
      m.tokens = panels * panel_rows;
      m.bias = nullptr;
      m.y = asked_for_.data + row;
      m.y_stride = asked_for_.stride;
      kernels_.matmul_f32(m);
    }
  }

  void pack_block(int panel, int row, int first, int columns, std::byte* block) {
    const int width = kernels::padded_width(columns);
    engine::gather_columns(from_, panel, first, width, weights_);
    std::copy_n(weights_, width * panel_rows, wanted_);
    if (first > 0)
      for (int r = 0; r < panel_rows; ++r)
        for (int k = 0; k < columns; ++k) wanted_[k * panel_rows + r] += asked_for_[row + r][k];
    const BlockFeedback feedback{weights_, factors(first / block_width, columns), error_};
    (kernels_.quantized->*format_of(format_).kernels).pack(wanted_, width, block, &feedback);
    for (int r = 0; r < panel_rows; ++r)
      for (int k = 0; k < columns; ++k) errors_[row + r][first + k] = error_[k * panel_rows + r];
  }

  // Of a block's columns to each other.
  const float* factors(int block, int columns) const {
    return columns < kernels::padded_width(columns) ? filled_up_.data() : feedback_.within(block).data();
  }

  // The last block's, with zeros for the columns that only fill it up.
  void fill_up_last() {
    const int columns = from_.cols % block_width, width = kernels::padded_width(columns);
    if (columns == width) return;
    const std::span<const float> within = feedback_.within(from_.cols / block_width);
    filled_up_.resize(static_cast<std::size_t>(width * width));
    for (int k = 0; k < columns; ++k)
      std::copy_n(within.data() + k * columns, columns, filled_up_.data() + k * width);
  }

  Storage format_;
  const Matrix& from_;
  const Kernels& kernels_;
  const ErrorFeedback& feedback_;
  std::size_t panel_bytes_;
  AlignedBuffer memory_;
  Rows errors_;     // (rows, cols): weights less what they became
  Rows asked_for_;  // (rows, 256): what these errors ask of a block
  std::vector<float> filled_up_;
  alignas(64) float weights_[block_width * panel_rows], wanted_[block_width * panel_rows],
      error_[block_width * panel_rows];
};

}  // namespace

void quantize(Storage format, const Matrix& from, const Kernels& kernels, const ErrorFeedback& feedback,
              int threads, std::byte* packed) {
  constexpr int together = PanelsWithFeedback::max_panels;
  const std::size_t panel_bytes = packed_panel_bytes(format, from.cols);
  const int panels = (from.rows + panel_rows - 1) / panel_rows, units = (panels + together - 1) / together;
  std::vector<PanelsWithFeedback> workers;
  workers.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) workers.emplace_back(format, from, kernels, feedback);
  ThreadTeam(threads).parallel_for(units, [&](int unit, int worker) {
    const int first = unit * together;
    workers[static_cast<std::size_t>(worker)].pack(first, std::min(together, panels - first),
                                                   packed + static_cast<std::size_t>(first) * panel_bytes);
  });
}

}  // namespace kelvin
