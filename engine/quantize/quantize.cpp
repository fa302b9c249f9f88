#include "engine/quantize/quantize.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "engine/forward/matmul.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/error_feedback.h"
#include "engine/weights/half.h"

namespace kelvin {
namespace {

using engine::ErrorFeedback, engine::Rows;
using kernels::BlockFeedback, kernels::FloatMatmul, kernels::block_width, kernels::panel_rows;

float widen(float x) { return x; }
float widen(std::uint16_t bf16) { return engine::bf16_to_f32(bf16); }

using Bf16x8 = std::uint16_t __attribute__((vector_size(16)));

Bf16x8 first_of_both(Bf16x8 a, Bf16x8 b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
Bf16x8 last_of_both(Bf16x8 a, Bf16x8 b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }

// Eight rows of eight bfloat16, `stride` numbers apart, turned into floats with the rows side by side.
// Several times faster than number by number, which would take as long as the search for q8's scales.
void gather_square(const std::uint16_t* from, std::size_t stride, float* w) {  // w: (8, 16), eight used
  Bf16x8 rows[8], pairs[8];
  for (std::size_t r = 0; r < 8; ++r) std::memcpy(&rows[r], from + r * stride, sizeof rows[r]);
  // Each pass turns the lowest bit of the row with the highest of the column that is left.
  for (int pass = 0; pass < 3; ++pass) {
    for (int i = 0; i < 4; ++i) {
      pairs[2 * i] = first_of_both(rows[i], rows[i + 4]);
      pairs[2 * i + 1] = last_of_both(rows[i], rows[i + 4]);
    }
    std::copy_n(pairs, 8, rows);
  }
  for (int k = 0; k < 8; ++k) {
    const Bf16x8 low = first_of_both(Bf16x8{}, rows[k]), high = last_of_both(Bf16x8{}, rows[k]);
    std::memcpy(w + k * panel_rows, &low, sizeof low);
    std::memcpy(w + k * panel_rows + 4, &high, sizeof high);
  }
}

// Up to 16 rows and `width` columns, rows side by side, filled up with zeros.
template <class Element>
void gather(const Matrix& from, int row, int col, int width, float* w) {  // w: (width, 16)
  const int rows = std::min(panel_rows, from.rows - row), cols = std::min(width, from.cols - col);
  if (rows < panel_rows || cols < width) std::fill_n(w, width * panel_rows, 0.0f);
  const std::size_t stride = static_cast<std::size_t>(from.cols);
  const Element* const source =
      static_cast<const Element*>(from.data) + static_cast<std::size_t>(row) * stride + col;
  int first = 0;
  if constexpr (std::is_same_v<Element, std::uint16_t>)
    for (; rows == panel_rows && first + 8 <= cols; first += 8)
      for (std::size_t half : {0, 8})
        gather_square(source + half * stride + first, stride, w + first * panel_rows + half);
  for (int r = 0; r < rows; ++r)
    for (int k = first; k < cols; ++k)
      w[k * panel_rows + r] =
          widen(source[static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(k)]);
}

// Of panel `panel` of a float32 or bfloat16 matrix the columns from `first` on, filled up with zeros: column by
// column the sixteen rows, (columns, 16).
void gather_columns(const Matrix& from, int panel, int first, int columns, float* w) {
  switch (from.storage) {
    case Storage::bf16:
      return gather<std::uint16_t>(from, panel * panel_rows, first, columns, w);
    case Storage::f32:
      return gather<float>(from, panel * panel_rows, first, columns, w);
    default:
      throw std::logic_error("a matrix that is packed already");
  }
}

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
      m.y = asked_for_.data + row;
      m.y_stride = asked_for_.stride;
      kernels_.matmul_f32(m);
    }
  }

  void pack_block(int panel, int row, int first, int columns, std::byte* block) {
    const int width = kernels::padded_width(columns);
    gather_columns(from_, panel, first, width, weights_);
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

void quantize(Storage format, const Matrix& from, const QuantizedKernels& kernels, ThreadTeam& team,
              std::byte* packed) {
  const std::size_t panel_bytes = packed_panel_bytes(format, from.cols);
  const int panels = (from.rows + panel_rows - 1) / panel_rows;
  const auto pack = (kernels.*format_of(format).kernels).pack;
  team.parallel_for(panels, [&](int panel) {
    alignas(64) float w[block_width * panel_rows];
    std::byte* block = packed + static_cast<std::size_t>(panel) * panel_bytes;
    for (int col = 0; col < from.cols; col += block_width) {
      const int width = kernels::padded_width(std::min(block_width, from.cols - col));
      gather_columns(from, panel, col, width, w);
      pack(w, width, block, nullptr);
      block += packed_panel_bytes(format, width);
    }
  });
}

void quantize(Storage format, const Matrix& from, const Kernels& kernels, const ErrorFeedback& feedback,
              ThreadTeam& team, std::byte* packed) {
  constexpr int together = PanelsWithFeedback::max_panels;
  const std::size_t panel_bytes = packed_panel_bytes(format, from.cols);
  const int panels = (from.rows + panel_rows - 1) / panel_rows, units = (panels + together - 1) / together;
  std::vector<PanelsWithFeedback> workers;
  workers.reserve(static_cast<std::size_t>(team.threads()));
  for (int i = 0; i < team.threads(); ++i) workers.emplace_back(format, from, kernels, feedback);
  team.parallel_for(units, [&](int unit, int worker) {
    const int first = unit * together;
    workers[static_cast<std::size_t>(worker)].pack(first, std::min(together, panels - first),
                                                   packed + static_cast<std::size_t>(first) * panel_bytes);
  });
}

}  // namespace kelvin
