// The way through a packed matrix that all tables but the scalar one share; portable, so that tests can
// follow it anywhere.
#pragma once

namespace kelvin {
namespace {

constexpr int sums_stride = block_panels * panel_rows;

// Some panels times some tokens within the k of one scale.
struct Tile {
  const std::byte* w;    // bytes of the first panel (nibbles: its block), w_stride bytes from panel to panel
  std::size_t w_stride;  //
  int steps;             // of 4 k
  const float* scale;    // (panels, 16)
  const std::int8_t* x;  // (tokens, 256)
  const float* x_scale;  // (tokens,)
  const std::int32_t* x_offset;      // (tokens,)
  const std::int32_t* x_sub_offset;  // (tokens, 16)
  float* sums;                       // (tokens, sums_stride)
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
  static constexpr int planes = 2, header = q8_header, bytes_per_step = 64, width = span_width;

  static const std::byte* scales(const std::byte* block, int span) {
    return block + span * panel_rows * static_cast<int>(sizeof(std::uint16_t));
  }
  static const std::byte* weights(const std::byte* block, int span) {
    return block + header + span * width / step_width * bytes_per_step;
  }
  static const std::int32_t* offsets(const QuantizedActivations& x, int group, int span) {
    return x.span_offsets +
           static_cast<std::size_t>(group * groups_of_spans + span) * activation_planes * x.tokens;
  }
};

struct Q4 {
  static constexpr int planes = 1, header = q4_header, bytes_per_step = 32, width = group_width;

  static const std::byte* scales(const std::byte* block, int) { return block + q4_scales; }
  static const std::byte* weights(const std::byte* block, int) { return block; }
  static const std::int32_t* offsets(const QuantizedActivations& x, int group, int) {
    return x.offsets + static_cast<std::size_t>(group) * activation_planes * x.tokens;
  }
};

inline int padded_width(int cols) { return (cols + k_padding - 1) / k_padding * k_padding; }

// The planes of a token lie side by side like tokens.
template <int planes>
void write_rows(const QuantizedMatmul& m, int first, int rows, const float* sums) {
  const float* rest = sums + static_cast<std::size_t>(m.x.tokens) * sums_stride;
  for (int t = 0; t < m.x.tokens; ++t, sums += sums_stride, rest += sums_stride) {
    float* y = m.y + static_cast<std::size_t>(t) * m.y_stride + first;
    for (int r = 0; r < rows; ++r) {
      const float sum = planes == 2 ? sums[r] + rest[r] : sums[r];
      y[r] = m.bias ? sum + m.bias[first + r] : sum;
    }
  }
}

// Block by block: some panels, all k in order, all tokens. `multiply` does the k of one scale, for
// Format::planes * tokens.
template <class Format, class MultiplyGroup>
void for_all_groups(const QuantizedMatmul& m, int panels_together, MultiplyGroup multiply) {
  const QuantizedActivations& x = m.x;
  const int padded = padded_width(x.cols);
  const int groups = (padded + group_width - 1) / group_width;
  const std::size_t panel_bytes = static_cast<std::size_t>(groups) * Format::header +
                                  static_cast<std::size_t>(padded / step_width) * Format::bytes_per_step;
  const std::size_t block_bytes = Format::header + group_width / step_width * Format::bytes_per_step;
  float* sums = m.scratch + unpacked_floats;
  for (int first = 0; first < m.rows; first += panels_together * panel_rows) {
    const int rows_left = m.rows - first;
    const int panels_left = (rows_left + panel_rows - 1) / panel_rows;
    const int panels = panels_left < panels_together ? panels_left : panels_together;
    const std::byte* w = m.w + static_cast<std::size_t>(first / panel_rows) * panel_bytes;
    for (int t = 0; t < Format::planes * x.tokens; ++t)
      for (int r = 0; r < sums_stride; ++r) sums[static_cast<std::size_t>(t) * sums_stride + r] = 0.0f;
    for (int g = 0; g < groups; ++g) {
      const std::size_t at = static_cast<std::size_t>(g) * activation_planes * x.tokens;
      const std::byte* block = w + g * block_bytes;
      const int left_of_row = padded - g * group_width;
      const int group = left_of_row < group_width ? left_of_row : group_width;
      for (int k = 0, span = 0; k < group; k += Format::width, ++span) {
        alignas(64) float scale[block_panels * panel_rows];
        for (int p = 0; p < panels; ++p)
          read_scales(Format::scales(block + p * panel_bytes, span), scale + p * panel_rows);
        const int span_k = group - k < Format::width ? group - k : Format::width;
        multiply(Tile{Format::weights(block, span), panel_bytes, span_k / step_width, scale,
                      x.codes + at * group_width + k, x.scales + at, Format::offsets(x, g, span),
                      x.sub_offsets + at * groups_of_subs, sums},
                 panels);
      }
    }
    write_rows<Format::planes>(m, first, rows_left < panels * panel_rows ? rows_left : panels * panel_rows,
                               sums);
  }
}

}  // namespace
}  // namespace kelvin
