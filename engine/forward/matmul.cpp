#include "engine/forward/matmul.h"

#include <algorithm>
#include <stdexcept>

#include "engine/weights/packed.h"

namespace kelvin::engine {
namespace {

using kernels::FloatMatmul, kernels::QuantizedMatmul, kernels::max_panels, kernels::panel_rows,
    kernels::tile_rows, kernels::unpacked_panels;

// Half of a common L2; the other half is for activations.
constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr int tile_panel_rows = unpacked_panels * panel_rows;
constexpr int few_tokens = 8;
constexpr int blocks_per_thread = 4;

auto exact_matmul(const Kernels& kernels, Storage storage) {
  switch (storage) {
    case Storage::f32:
      return kernels.matmul_f32;
    case Storage::bf16:
      return kernels.matmul_bf16;
    default:
      throw std::logic_error("a packed matrix as an exact one");
  }
}

}  // namespace

RowBlocks::RowBlocks(const Matrix& matrix, int rows_together, int threads, int tokens) : rows_(matrix.rows) {
  const bool packed = is_packed(matrix.storage);
  const std::size_t row_bytes =
      packed ? packed_panel_bytes(matrix.storage, matrix.cols) / panel_rows
             : static_cast<std::size_t>(matrix.cols) * bytes_per_element(matrix.storage);
  const int fitting = packed && tokens > few_tokens
                          ? max_panels * panel_rows
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
    m.format = &format_of(w.storage);
    return (kernels.quantized->*m.format->kernels).matmul(m);
  }
  FloatMatmul m;
  m.w = data + static_cast<std::size_t>(block.first) * w.cols * bytes_per_element(w.storage);
  m.rows = block.rows;
  m.cols = w.cols;
  m.x = x.rows.data;
  m.x_stride = x.rows.stride;
  m.tokens = tokens;
  m.bias = bias;
  m.y = y.data + block.first;
  m.y_stride = y.stride;
  exact_matmul(kernels, w.storage)(m);
}

}  // namespace kelvin::engine
