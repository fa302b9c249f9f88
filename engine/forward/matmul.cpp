#include "engine/forward/matmul.h"

#include <algorithm>

#include "engine/weights/packed.h"

namespace kelvin {
namespace {

// Half of a common second-level cache; the other half is for activations.
constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr int tile_rows = 4;
constexpr int tile_panel_rows = block_panels * panel_rows;
constexpr int few_tokens = 8;
constexpr int blocks_per_thread = 4;

}  // namespace

RowBlocks::RowBlocks(const Matrix& matrix, int rows_together, int threads, int tokens) : rows_(matrix.rows) {
  const bool packed = is_packed(matrix.storage);
  const std::size_t row_bytes =
      packed ? packed_panel_bytes(matrix.storage, matrix.cols) / panel_rows
             : static_cast<std::size_t>(matrix.cols) * bytes_per_element(matrix.storage);
  const int fitting = packed && tokens > few_tokens
                          ? most_panels * panel_rows
                          : static_cast<int>(std::min<std::size_t>(block_bytes / row_bytes, 1 << 20));
  const int fair = rows_together / (threads * blocks_per_thread);
  const int step = std::max(std::min(fitting, fair), 1);
  const int multiple = !packed ? tile_rows : step >= tile_panel_rows ? tile_panel_rows : int{panel_rows};
  step_ = (step + multiple - 1) / multiple * multiple;
}

RowBlock RowBlocks::operator[](int block) const {
  const int first = block * step_;
  return {first, std::min(step_, rows_ - first)};
}

void multiply(const Kernels& kernels, const Linear& linear, RowBlock block, const MatmulInput& x, int tokens,
              Rows y, float* scratch) {
  const Matrix& w = linear.weight;
  const std::byte* data = static_cast<const std::byte*>(w.data);
  const float* bias = linear.bias.empty() ? nullptr : linear.bias.data() + block.first;
  if (is_packed(w.storage)) {
    QuantizedMatmul m;
    m.w = data + static_cast<std::size_t>(block.first / panel_rows) * packed_panel_bytes(w.storage, w.cols);
    m.rows = block.rows;
    m.x = x.codes;
    m.bias = bias;
    m.y = y.data + block.first;
    m.y_stride = y.stride;
    m.scratch = scratch;
    return w.storage == Storage::q8 ? kernels.quantized->matmul_q8(m) : kernels.quantized->matmul_q4(m);
  }
  MatmulBlock m;
  m.w = data + static_cast<std::size_t>(block.first) * w.cols * bytes_per_element(w.storage);
  m.rows = block.rows;
  m.cols = w.cols;
  m.x = x.rows.data;
  m.x_stride = x.rows.stride;
  m.tokens = tokens;
  m.bias = bias;
  m.y = y.data + block.first;
  m.y_stride = y.stride;
  w.storage == Storage::f32 ? kernels.matmul_f32(m) : kernels.matmul_bf16(m);
}

}  // namespace kelvin
