#include "engine/matmul.h"

#include <algorithm>

namespace kelvin {
namespace {

// Half of a common second-level cache; the other half is for activations.
constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr int tile_rows = 4;
constexpr int blocks_per_thread = 4;

}  // namespace

RowBlocks::RowBlocks(const Matrix& matrix, int threads) : rows_(matrix.rows) {
  const std::size_t row_bytes = static_cast<std::size_t>(matrix.cols) * bytes_per_element(matrix.storage);
  const int fitting = static_cast<int>(std::min<std::size_t>(block_bytes / row_bytes, 1 << 20));
  const int fair = rows_ / (threads * blocks_per_thread);
  const int step = std::max(std::min(fitting, fair), 1);
  step_ = (step + tile_rows - 1) / tile_rows * tile_rows;
}

RowBlock RowBlocks::operator[](int block) const {
  const int first = block * step_;
  return {first, std::min(step_, rows_ - first)};
}

void multiply(const Kernels& kernels, const Linear& linear, RowBlock block, Rows x, int tokens, Rows y) {
  const Matrix& w = linear.weight;
  const std::size_t skip = static_cast<std::size_t>(block.first) * w.cols * bytes_per_element(w.storage);
  MatmulBlock m;
  m.w = static_cast<const std::byte*>(w.data) + skip;
  m.rows = block.rows;
  m.cols = w.cols;
  m.x = x.data;
  m.x_stride = x.stride;
  m.tokens = tokens;
  m.bias = linear.bias.empty() ? nullptr : linear.bias.data() + block.first;
  m.y = y.data + block.first;
  m.y_stride = y.stride;
  switch (w.storage) {
    case Storage::f32:
      return kernels.matmul_f32(m);
    case Storage::bf16:
      return kernels.matmul_bf16(m);
  }
}

}  // namespace kelvin
