// A Hugging Face folder of plain weights as AutoAWQ quantises and ships it: 4 bits, groups of 128 with zero points, and
// scales in F16. Nothing is calibrated.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/weights/half.h"
#include "loaders/tensors/convert.h"
#include "loaders/tensors/tensor_files.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

namespace kelvin::test {

inline std::string words_text(const std::vector<std::uint32_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(std::uint32_t)};
}

// The parts of one matrix: `rows` and `cols` are multiples of 8 and 128.
inline void add_awq(const std::string& module, const std::vector<float>& w, std::size_t rows,
                    std::size_t cols, std::vector<TensorToWrite>& to) {
  constexpr std::size_t nibble_of[] = {0, 4, 1, 5, 2, 6, 3, 7}, size = 128;
  std::vector<std::uint32_t> codes(cols * rows / 8), zeros(cols / size * rows / 8);
  std::vector<std::uint16_t> scales(cols / size * rows);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t group = 0; group < cols / size; ++group) {
      const float* const from = w.data() + row * cols + group * size;
      const float low = std::min(0.0f, *std::min_element(from, from + size)),
                  high = std::max(0.0f, *std::max_element(from, from + size));
      const std::uint16_t half = engine::f32_to_f16(std::max((high - low) / 15, 1e-5f));
      const float scale = engine::f16_to_f32(half);
      const float zero = std::clamp(std::round(-low / scale), 0.0f, 15.0f);
      const std::size_t shift = 4 * nibble_of[row % 8];
      scales[group * rows + row] = half;
      zeros[(group * rows + row) / 8] |= static_cast<std::uint32_t>(zero) << shift;
      for (std::size_t k = 0; k < size; ++k) {
        const float code = std::clamp(std::round(from[k] / scale) + zero, 0.0f, 15.0f);
        codes[((group * size + k) * rows + row) / 8] |= static_cast<std::uint32_t>(code) << shift;
      }
    }
  to.push_back({module + ".qweight", "I32", {cols, rows / 8}, words_text(codes)});
  to.push_back({module + ".qzeros", "I32", {cols / size, rows / 8}, words_text(zeros)});
  to.push_back({module + ".scales", "F16", {cols / size, rows}, u16_bytes(scales)});
}

// The folder `from` at `to`: projections in codes, everything else as it is.
inline void write_awq_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  const TensorFiles files(from);
  std::vector<TensorToWrite> tensors;
  for (const TensorFiles::Tensor& tensor : files.tensors()) {
    const StoredTensor& stored = tensor.stored;
    const std::size_t module = stored.name.find("_proj.weight");
    if (module == stored.name.npos) {
      tensors.push_back({stored.name, std::string(dtype_name(stored.dtype)), stored.shape,
                         std::string(reinterpret_cast<const char*>(stored.data.data()), stored.data.size())});
      continue;
    }
    std::vector<float> numbers(stored.elements());
    convert(stored.dtype, stored.data.data(), numbers.size(), Storage::f32, numbers.data());
    add_awq(stored.name.substr(0, stored.name.rfind('.')), numbers, stored.shape[0], stored.shape[1],
            tensors);
  }
  for (const auto& entry : std::filesystem::directory_iterator(from))
    if (entry.is_regular_file() && entry.path().extension() != ".safetensors")
      std::filesystem::copy_file(entry.path(), to / entry.path().filename());
  write_file(to / "model.safetensors", safetensors_file(tensors));
  std::string config = read_text(from / "config.json");
  config.insert(
      config.find('{') + 1,
      R"("quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm",
                "zero_point": true, "modules_to_not_convert": null},)");
  write_file(to / "config.json", config);
}

}  // namespace kelvin::test
