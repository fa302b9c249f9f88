#include "engine/quantize/error_feedback.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/forward/matmul.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/tile_products.h"

namespace kelvin::engine {
namespace {

using kernels::FloatMatmul, kernels::block_width;

constexpr std::size_t block_columns = block_width;
// Beyond it there is hardly any feedback left.
constexpr double max_damping = 100.0;

// U D U^T of a small matrix, from the last column to the first, and the inverse of U.
class SmallFactor {
 public:
  // Returns false if a pivot is below `min_pivot`.
  bool factorise(const float* from, std::size_t stride, int n, double min_pivot) {
    n_ = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = i; j < n_; ++j) u_[i * block_columns + j] = from[i * stride + j];
    for (std::size_t k = n_; k-- > 0;) {
      const double pivot = u_[k * block_columns + k];
      if (!(pivot >= min_pivot && pivot > 0.0 && std::isfinite(pivot))) return false;
      pivots_[k] = pivot;
      for (std::size_t i = 0; i < k; ++i) column_[i] = u_[i * block_columns + k];
      for (std::size_t i = 0; i < k; ++i) {
        const double factor = column_[i] / pivot;
        for (std::size_t j = i; j < k; ++j) u_[i * block_columns + j] -= factor * column_[j];
        u_[i * block_columns + k] = factor;
      }
    }
    return true;
  }

  double u(std::size_t row, std::size_t col) const { return u_[row * block_columns + col]; }  // row < col
  double pivot(std::size_t k) const { return pivots_[k]; }

  void invert(float* to) {  // (n, n)
    std::fill_n(rows_.begin(), n_ * n_, 0.0);
    for (std::size_t i = n_; i-- > 0;) {
      double* const row = rows_.data() + i * n_;
      row[i] = 1.0;
      for (std::size_t m = i + 1; m < n_; ++m)
        for (std::size_t j = m; j < n_; ++j) row[j] -= u(i, m) * rows_[m * n_ + j];
    }
    for (std::size_t i = 0; i < n_ * n_; ++i) to[i] = static_cast<float>(rows_[i]);
  }

 private:
  std::size_t n_ = 0;
  // Made once for all blocks.
  std::vector<double> u_ = std::vector<double>(block_columns * block_columns),
                      rows_ = std::vector<double>(block_columns * block_columns),
                      pivots_ = std::vector<double>(block_columns),
                      column_ = std::vector<double>(block_columns);
};

}  // namespace

// From the last block of columns to the first: its own triangle in double, then U of all rows above it, then
// its products with itself leave what is above and before it.
class ErrorFeedback::Factorisation {
 public:
  Factorisation(ErrorFeedback& out, std::span<const float> moments, double mean, const Kernels& kernels,
                int threads)
      : out_(out),
        moments_(moments),
        mean_(mean),
        kernels_(kernels),
        team_(threads),
        n_(static_cast<std::size_t>(out.n_)),
        stride_(Rows::stride_for(out.n_)),
        rest_(n_ * stride_ * sizeof(float)),
        scaled_(n_ * block_columns * sizeof(float)),
        above_(n_ * block_columns * sizeof(float)),
        inverse_(block_columns * block_columns) {}

  bool run(double damping) {
    team_.parallel_for(static_cast<int>(n_), [&](int i) { take_row(static_cast<std::size_t>(i), damping); });
    for (int block = out_.blocks() - 1; block >= 0; --block) {
      if (!own_triangle(block, 0.5 * damping)) return false;
      rows_above(block);
    }
    return true;
  }

 private:
  static constexpr int strip = 32;  // rows that a thread takes at a time

  // In units of the mean of the diagonal.
  void take_row(std::size_t i, double damping) {
    float* const row = rest_.floats() + i * stride_;
    for (std::size_t j = i; j < n_; ++j) row[j] = static_cast<float>(moments_[i * n_ + j] / mean_);
    row[i] = static_cast<float>(moments_[i * n_ + i] / mean_ + damping);
  }

  // Every pivot of H + damping is at least `damping`: a smaller one is rounding.
  bool own_triangle(int block, double min_pivot) {
    const std::size_t first = block_columns * static_cast<std::size_t>(block),
                      width = static_cast<std::size_t>(out_.width(block));
    if (!small_.factorise(rest_.floats() + first * stride_ + first, stride_, out_.width(block), min_pivot))
      return false;
    small_.invert(inverse_.data());
    float* const within = out_.factor_.floats() + out_.offset(block) + width * first;
    for (std::size_t k = 0; k < width; ++k)
      for (std::size_t j = 0; j < width; ++j)
        within[k * width + j] = j < k ? static_cast<float>(small_.u(j, k)) : 0.0f;
    return true;
  }

  void rows_above(int block) {
    const int first = block_width * block, width = out_.width(block);
    const std::size_t columns = static_cast<std::size_t>(width);
    float* const earlier = out_.factor_.floats() + out_.offset(block);
    team_.parallel_for((first + strip - 1) / strip, [&](int unit) {
      const int row = unit * strip, rows = std::min(strip, first - row);
      const std::size_t at = static_cast<std::size_t>(row);
      // U D = rest U'^-T with U' the triangle of the block.
      FloatMatmul m;
      m.w = inverse_.data();
      m.rows = m.cols = width;
      m.x = rest_.floats() + at * stride_ + static_cast<std::size_t>(first);
      m.x_stride = stride_;
      m.tokens = rows;
      m.y = scaled_.floats() + at * columns;
      m.y_stride = columns;
      kernels_.matmul_f32(m);
      for (std::size_t k = 0; k < columns; ++k)
        for (int i = row; i < row + rows; ++i) {
          const std::size_t from = static_cast<std::size_t>(i) * columns + k;
          const float u = static_cast<float>(scaled_.floats()[from] / small_.pivot(k));
          above_.floats()[from] = earlier[k * static_cast<std::size_t>(first) + static_cast<std::size_t>(i)] =
              u;
        }
    });
    team_.parallel_for(tiles_of(first), [&](int index) {
      const TileIndex tile = tile_at(index);
      const int row = tile.row * tile_width, col = tile.col * tile_width;
      const RowProducts rows{scaled_.floats() + static_cast<std::size_t>(row) * columns,
                             columns,
                             std::min(tile_width, first - row),
                             above_.floats() + static_cast<std::size_t>(col) * columns,
                             std::min(tile_width, first - col),
                             width};
      add_products(kernels_, rows, -1.0f,
                   rest_.floats() + static_cast<std::size_t>(row) * stride_ + static_cast<std::size_t>(col),
                   stride_);
    });
  }

  ErrorFeedback& out_;
  std::span<const float> moments_;
  const double mean_;
  const Kernels& kernels_;
  ThreadTeam team_;
  const std::size_t n_, stride_;
  AlignedBuffer rest_;            // (n, n), stride_ apart; its upper half counts
  AlignedBuffer scaled_, above_;  // of the current block: U D and U, (first, width)
  std::vector<float> inverse_;    // (width, width)
  SmallFactor small_;
};

ErrorFeedback::ErrorFeedback(std::span<const float> moments, int n, float damping, const Kernels& kernels,
                             int threads)
    : n_(n), factor_(offset(blocks()) * sizeof(float)) {
  double mean = 0.0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
    mean += moments[i * static_cast<std::size_t>(n) + i] / static_cast<double>(n);
  if (mean > 0.0 && std::isfinite(mean)) {
    Factorisation factorisation(*this, moments, mean, kernels, threads);
    for (double d = damping; d <= max_damping; d = std::max(10.0 * d, 1e-4))
      if (factorisation.run(d)) return;
  }
  factor_ = AlignedBuffer(factor_.size());
}

int ErrorFeedback::blocks() const { return (n_ + block_width - 1) / block_width; }

int ErrorFeedback::width(int block) const { return std::min(block_width, n_ - block_width * block); }

// All blocks before it are whole: width x (first + width) numbers each.
std::size_t ErrorFeedback::offset(int block) const {
  const std::size_t before = static_cast<std::size_t>(block);
  if (block < blocks() || n_ % block_width == 0)
    return block_columns * block_columns * before * (before + 1) / 2;
  return offset(block - 1) + static_cast<std::size_t>(width(block - 1)) * static_cast<std::size_t>(n_);
}

std::span<const float> ErrorFeedback::from_earlier(int block) const {
  const std::size_t first = block_columns * static_cast<std::size_t>(block);
  return {factor_.floats() + offset(block), static_cast<std::size_t>(width(block)) * first};
}

std::span<const float> ErrorFeedback::within(int block) const {
  const std::size_t columns = static_cast<std::size_t>(width(block));
  return {factor_.floats() + offset(block) + columns * block_columns * static_cast<std::size_t>(block),
          columns * columns};
}

}  // namespace kelvin::engine
