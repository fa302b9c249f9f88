// The way through a packed matrix that all tables but the scalar one share; portable, so that tests can
// follow it anywhere.
#pragma once

#include "engine/kernels/packed_formats.h"

namespace kelvin::kernels {
namespace {

constexpr int sums_stride = max_panels * panel_rows;

// What a micro-kernel is called with: some panels times some tokens within a block of up to 256 k. A column is
// a plane of a token.
struct KernelCall {
  const std::byte* w;            // of the first panel: the block or its first step; panel_stride to the next
  std::size_t panel_stride;      // bytes
  const std::byte* prefetched;   // like w, of a later block: fetched from memory meanwhile
  int groups, steps;             // groups of the block; steps of a group
  int planes, tokens;            // tokens of the whole matmul
  const float* scale;            // (groups, sums_stride)
  const std::int8_t* x;          // (columns, 256)
  const float* x_scale;          // (groups, tokens)
  const std::int32_t* x_offset;  // (groups, tokens, planes)
  const std::int32_t* x_sub_offset;  // (tokens, 16)
  float* sums;                       // (tokens, sums_stride)

  int columns() const { return tokens * planes; }
  // On to later columns, a multiple of planes.
  void advance(int columns) {
    const int passed = columns / planes;
    x += static_cast<std::size_t>(columns) * block_width;
    x_scale += passed;
    x_offset += columns;
    x_sub_offset += passed * subs_per_block;
    sums += static_cast<std::size_t>(passed) * sums_stride;
  }
};

inline void read_scales(const std::byte* from, float* scale) {  // sixteen bfloat16
  std::uint16_t bits[panel_rows];
  __builtin_memcpy(bits, from, sizeof bits);
  for (int r = 0; r < panel_rows; ++r) {
    const std::uint32_t wide = static_cast<std::uint32_t>(bits[r]) << 16;
    __builtin_memcpy(scale + r, &wide, sizeof wide);
  }
}

inline void write_rows(const QuantizedMatmul& m, int first, int rows, const float* sums) {
  for (int t = 0; t < m.x.tokens; ++t, sums += sums_stride) {
    float* y = m.y + static_cast<std::size_t>(t) * m.y_stride + first;
    for (int r = 0; r < rows; ++r) y[r] = m.bias ? sums[r] + m.bias[first + r] : sums[r];
  }
}

constexpr int many_tokens = 32;          // whose activations do not stay in L1
constexpr int prefetch_distance = 8192;  // bytes of weights

// Where KernelCall::w points.
enum class WeightsAt { block, first_step };

// Some panels at a time, all their k in order, for all tokens. `multiply` is one micro-kernel call: a block of
// up to 256 k of `panels_at_once` panels or fewer.
template <const PackedFormat& format, WeightsAt weights_at, class MultiplyBlock>
void for_all_blocks(const QuantizedMatmul& m, int panels_at_once, MultiplyBlock multiply) {
  constexpr std::size_t to_weights = weights_at == WeightsAt::block ? 0 : format.header_bytes;
  constexpr std::size_t bytes_of_block = block_bytes(format, block_width);
  constexpr int groups_per_block = block_width / format.group;
  const QuantizedActivations& x = m.x;
  const int planes = x.format.planes;
  const int padded = padded_width(x.cols);
  const int blocks = (padded + block_width - 1) / block_width;
  const std::size_t bytes_of_panel = panel_bytes(format, x.cols);
  const int panels_together = x.tokens < many_tokens ? panels_at_once : int{max_panels};
  const int bytes_at_once = panels_at_once * static_cast<int>(bytes_of_block);
  const int calls_ahead = (prefetch_distance + bytes_at_once - 1) / bytes_at_once;
  float* sums = m.scratch + unpacked_floats;
  for (int first = 0; first < m.rows; first += panels_together * panel_rows) {
    const int rows_left = m.rows - first;
    const int panels_left = (rows_left + panel_rows - 1) / panel_rows;
    const int panels = panels_left < panels_together ? panels_left : panels_together;
    const int calls = (panels + panels_at_once - 1) / panels_at_once;  // for a block's k
    const std::byte* w = m.w + static_cast<std::size_t>(first / panel_rows) * bytes_of_panel;
    for (int t = 0; t < x.tokens; ++t)
      for (int r = 0; r < panels * panel_rows; ++r)
        sums[static_cast<std::size_t>(t) * sums_stride + r] = 0.0f;
    for (int b = 0; b < blocks; ++b) {
      const std::size_t tokens_before = static_cast<std::size_t>(b) * x.tokens;
      const int left_of_row = padded - b * block_width;
      const int width = left_of_row < block_width ? left_of_row : block_width;
      const int group = width < format.group ? width : format.group;
      alignas(64) float scale[groups_per_block][sums_stride];
      KernelCall call;
      call.panel_stride = bytes_of_panel;
      call.groups = width / group;
      call.steps = group / step_width;
      call.planes = planes;
      call.tokens = x.tokens;
      call.scale = scale[0];
      call.x = x.codes + tokens_before * planes * block_width;
      call.x_scale = x.scales + tokens_before * groups_per_block;
      call.x_offset = x.offsets + tokens_before * groups_per_block * planes;
      call.x_sub_offset = x.sub_offsets + tokens_before * subs_per_block;
      for (int from = 0; from < panels; from += panels_at_once) {
        const std::byte* block = w + from * bytes_of_panel + b * bytes_of_block;
        const int now = panels - from < panels_at_once ? panels - from : panels_at_once;
        for (int g = 0; g < call.groups; ++g)
          for (int p = 0; p < now; ++p)
            read_scales(block + p * bytes_of_panel + format.scales_at + 2 * g * panel_rows,
                        scale[g] + p * panel_rows);
        call.w = block + to_weights;
        const int later = b * calls + from / panels_at_once + calls_ahead;
        call.prefetched = w + later / (calls * blocks) * panels * bytes_of_panel +
                          later / calls % blocks * bytes_of_block +
                          later % calls * panels_at_once * bytes_of_panel + to_weights;
        call.sums = sums + from * panel_rows;
        multiply(call, now);
      }
    }
    write_rows(m, first, rows_left < panels * panel_rows ? rows_left : panels * panel_rows, sums);
  }
}

}  // namespace
}  // namespace kelvin::kernels
