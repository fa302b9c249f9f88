// The way through a packed matrix that all tables but the scalar one share; portable, so that tests can
// follow it anywhere.
#pragma once

namespace kelvin {
namespace {

constexpr int sums_stride = most_panels * panel_rows;

// Some panels times some tokens within a block of up to 256 k. A column is a plane of a token.
struct Tile {
  const std::byte* w;     // bytes of the first panel (nibbles: its block), w_stride bytes from panel to panel
  std::size_t w_stride;   //
  const std::byte* next;  // like w, of a later block: what to ask memory for meanwhile
  int spans, steps;       // of one scale in the block; of 4 k in a span
  int planes, tokens;     // tokens of the whole matmul
  const float* scale;     // (spans, sums_stride)
  const std::int8_t* x;   // (columns, 256)
  const float* x_scale;   // (spans, tokens)
  const std::int32_t* x_offset;      // (spans, tokens, planes)
  const std::int32_t* x_sub_offset;  // (tokens, 16)
  float* sums;                       // (tokens, sums_stride)

  int columns() const { return tokens * planes; }
  // On to later columns, a multiple of planes.
  void advance(int columns) {
    const int passed = columns / planes;
    x += static_cast<std::size_t>(columns) * group_width;
    x_scale += passed;
    x_offset += columns;
    x_sub_offset += passed * groups_of_subs;
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

struct Q8 {
  static constexpr int header = q8_header, bytes_per_step = 64, span = span_width;
  static constexpr int scales = 0, weights = header;  // in a block
};

struct Q4 {
  static constexpr int header = q4_header, bytes_per_step = 32, span = group_width;
  static constexpr int scales = q4_scales, weights = 0;
};

inline int padded_width(int cols) { return (cols + k_padding - 1) / k_padding * k_padding; }

inline void write_rows(const QuantizedMatmul& m, int first, int rows, const float* sums) {
  for (int t = 0; t < m.x.tokens; ++t, sums += sums_stride) {
    float* y = m.y + static_cast<std::size_t>(t) * m.y_stride + first;
    for (int r = 0; r < rows; ++r) y[r] = m.bias ? sums[r] + m.bias[first + r] : sums[r];
  }
}

constexpr int many_tokens = 32;    // whose activations do not stay in the first cache
constexpr int bytes_ahead = 8192;  // of weights to be worked on before those that memory is asked for

// Some panels at a time, all their k in order, for all tokens. `multiply` does one take: a block of up to 256
// k of `panels_at_once` of them or fewer.
template <class Format, class MultiplyBlock>
void for_all_blocks(const QuantizedMatmul& m, int panels_at_once, MultiplyBlock multiply) {
  const QuantizedActivations& x = m.x;
  const int planes = x.format.planes;
  const int padded = padded_width(x.cols);
  const int groups = (padded + group_width - 1) / group_width;
  const std::size_t panel_bytes = static_cast<std::size_t>(groups) * Format::header +
                                  static_cast<std::size_t>(padded / step_width) * Format::bytes_per_step;
  const std::size_t block_bytes = Format::header + group_width / step_width * Format::bytes_per_step;
  const int panels_together = x.tokens < many_tokens ? panels_at_once : int{most_panels};
  const int bytes_at_once = panels_at_once * static_cast<int>(block_bytes);
  const int takes_ahead = (bytes_ahead + bytes_at_once - 1) / bytes_at_once;
  float* sums = m.scratch + unpacked_floats;
  for (int first = 0; first < m.rows; first += panels_together * panel_rows) {
    const int rows_left = m.rows - first;
    const int panels_left = (rows_left + panel_rows - 1) / panel_rows;
    const int panels = panels_left < panels_together ? panels_left : panels_together;
    const int takes = (panels + panels_at_once - 1) / panels_at_once;
    const std::byte* w = m.w + static_cast<std::size_t>(first / panel_rows) * panel_bytes;
    for (int t = 0; t < x.tokens; ++t)
      for (int r = 0; r < panels * panel_rows; ++r)
        sums[static_cast<std::size_t>(t) * sums_stride + r] = 0.0f;
    for (int g = 0; g < groups; ++g) {
      constexpr int most_spans = group_width / Format::span;
      const std::size_t tokens_before = static_cast<std::size_t>(g) * x.tokens;
      const int left_of_row = padded - g * group_width;
      const int group = left_of_row < group_width ? left_of_row : group_width;
      const int span_k = group < Format::span ? group : Format::span;
      alignas(64) float scale[most_spans][sums_stride];
      Tile tile;
      tile.w_stride = panel_bytes;
      tile.spans = group / span_k;
      tile.steps = span_k / step_width;
      tile.planes = planes;
      tile.tokens = x.tokens;
      tile.scale = scale[0];
      tile.x = x.codes + tokens_before * planes * group_width;
      tile.x_scale = x.scales + tokens_before * most_spans;
      tile.x_offset = x.offsets + tokens_before * most_spans * planes;
      tile.x_sub_offset = x.sub_offsets + tokens_before * groups_of_subs;
      for (int from = 0; from < panels; from += panels_at_once) {
        const std::byte* block = w + from * panel_bytes + g * block_bytes;
        const int now = panels - from < panels_at_once ? panels - from : panels_at_once;
        for (int span = 0; span < tile.spans; ++span)
          for (int p = 0; p < now; ++p)
            read_scales(block + p * panel_bytes + Format::scales + 2 * span * panel_rows,
                        scale[span] + p * panel_rows);
        tile.w = block + Format::weights;
        const int later = g * takes + from / panels_at_once + takes_ahead;
        tile.next = w + later / (takes * groups) * panels * panel_bytes +
                    later / takes % groups * block_bytes + later % takes * panels_at_once * panel_bytes +
                    Format::weights;
        tile.sums = sums + from * panel_rows;
        multiply(tile, now);
      }
    }
    write_rows(m, first, rows_left < panels * panel_rows ? rows_left : panels * panel_rows, sums);
  }
}

}  // namespace
}  // namespace kelvin
