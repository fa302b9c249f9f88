// What tests of quantised weights share.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include "engine/forward/quantized_activations.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/kernels/sub_blocks.h"
#include "engine/weights/half.h"
#include "engine/weights/packed.h"
#include "tests/engine/random_values.h"

namespace kelvin::test {

inline std::vector<const QuantizedKernels*> quantized_tables() {
  std::vector<const QuantizedKernels*> tables;
  for (const Kernels* table : supported_kernels()) tables.push_back(table->quantized);
  return tables;
}

inline std::vector<Storage> packed_storages() {
  std::vector<Storage> packed;
  std::copy_if(std::begin(storages), std::end(storages), std::back_inserter(packed), is_packed);
  return packed;
}

// Those that hold the numbers of files.
inline std::vector<Storage> file_storages() {
  std::vector<Storage> found;
  for (int i = static_cast<int>(first_of_files); i <= static_cast<int>(last_storage); ++i)
    found.push_back(Storage{static_cast<std::uint8_t>(i)});
  return found;
}

// What a matrix may be multiplied with.
inline std::vector<kernels::ActivationFormat> formats_for(Storage storage) {
  const kernels::PackedFormat& format = format_of(storage);
  std::vector<kernels::ActivationFormat> formats = {format.activations};
  if (format.short_activations.planes != format.activations.planes)
    formats.push_back(format.short_activations);
  return formats;
}
inline std::vector<kernels::ActivationFormat> activation_formats() {
  std::vector<kernels::ActivationFormat> formats;
  for (const Storage storage : packed_storages())
    for (const kernels::ActivationFormat& format : formats_for(storage)) formats.push_back(format);
  for (const int planes : {1, 2}) formats.push_back({planes, 32});
  return formats;
}

// Random scales and minima of a format with sub-blocks.
inline void fill_header(const kernels::PackedFormat& format, float largest, RandomValues& random,
                        std::byte* block) {
  using namespace kernels;
  const SubBlocks& codes = *format.sub_blocks;
  if (codes.scales == ScaleKind::single) {
    for (int i = 0; i < minima_at(format); i += 4) {
      const float value = largest * random.value();
      std::memcpy(block + i, &value, sizeof value);
    }
    return;
  }
  const bool wide = codes.scales <= ScaleKind::bfloat16;
  const int numbers = groups_of(format) * panel_rows * (codes.minima ? 2 : 1);
  const int first = wide ? 0 : super_scales_at(format);
  for (int i = 0; i < (wide ? numbers : 2 * panel_rows); ++i) {
    const float value = largest * random.value();
    const std::uint16_t half = codes.scales == ScaleKind::bfloat16
                                   ? static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16)
                                   : engine::f32_to_f16(value);
    if (first + 2 * i < format.header_bytes) std::memcpy(block + first + 2 * i, &half, sizeof half);
  }
}

// Any bytes are a matrix, but scales must be numbers.
inline void fill_packed(Storage format, int rows, int cols, RandomValues& random, std::byte* packed,
                        float largest_scale = 1.0f) {
  using namespace kernels;
  const std::size_t panels = packed_bytes(format, rows, cols) / packed_panel_bytes(format, cols);
  for (std::size_t p = 0; p < panels; ++p)
    for (int col = 0; col < cols; col += block_width) {
      const std::size_t n = packed_panel_bytes(format, std::min(cols - col, block_width));
      for (std::size_t i = 0; i < n; ++i) packed[i] = static_cast<std::byte>(random.below(256));
      const PackedFormat& row = format_of(format);
      if (row.sub_blocks) {
        fill_header(row, largest_scale, random, packed);
        packed += n;
        continue;
      }
      std::byte* const scales = packed + row.scales_at;
      for (int i = 0; i < block_width / row.group * panel_rows; ++i) {
        const float scale = largest_scale * random.value();
        std::memcpy(scales + 2 * i, reinterpret_cast<const char*>(&scale) + 2, 2);
      }
      packed += n;
    }
}

// Activations of several tokens quantised at once.
class QuantizedRows {
 public:
  QuantizedRows(const QuantizedKernels& kernels, const float* x, std::size_t x_stride, int tokens, int cols,
                kernels::ActivationFormat format) {
    buffer_.reserve(tokens, cols);
    view_ = buffer_.view(tokens, cols, format);
    for (int t = 0; t < tokens; ++t)
      kernels.quantize_activations(x + static_cast<std::size_t>(t) * x_stride, view_, t);
  }
  const kernels::QuantizedActivations& view() const { return view_; }
  // What the codes say.
  double value(int token, int k) const {
    const kernels::ActivationFormat format = view_.format;
    const int row = k / kernels::block_width * view_.tokens + token, span = k / format.group;
    const std::int8_t* code =
        view_.codes + row * format.planes * kernels::block_width + k % kernels::block_width;
    const int whole = format.planes == 2 ? code[0] * 256 + code[kernels::block_width] : code[0];
    return static_cast<double>(view_.scales[span * view_.tokens + token]) * whole;
  }

 private:
  engine::ActivationBuffer buffer_;
  kernels::QuantizedActivations view_{};
};

}  // namespace kelvin::test
