// What tests of quantised weights share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "engine/forward/quantized_activations.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/weights/packed.h"

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
