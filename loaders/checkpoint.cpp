#include "loaders/checkpoint.h"

#include <algorithm>
#include <cstdint>

#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/quantize.h"
#include "engine/thread_team.h"
#include "loaders/convert.h"
#include "loaders/tensor_files.h"
#include "loaders/weight_plan.h"

namespace kelvin {
namespace {

constexpr int elements_in_piece = 1 << 22;  // converted between two reports

bool aligned(const std::byte* data, Storage storage) {
  return reinterpret_cast<std::uintptr_t>(data) % bytes_per_element(storage) == 0;
}

// Converts what does not lie in its file as it is wanted, and reports how far it has come.
class Converter {
 public:
  Converter(const LoadOptions& options, Weights& weights) : options_(options), weights_(weights) {}

  static bool used_in_place(const StoredTensor& tensor, Storage storage) {
    return same_format(tensor.dtype, storage) && aligned(tensor.data.data(), storage);
  }
  void count(const StoredTensor& tensor, Storage storage) {
    if (is_packed(storage) || !used_in_place(tensor, storage)) total_ += tensor.data.size();
  }
  // The tensor's numbers in the wanted format: those in the file, or a new buffer of `weights`.
  const void* data(const TensorFiles::Tensor& tensor, Storage storage);
  // The tensor packed as q8 or q4, in a new buffer of `weights`.
  const void* packed(const TensorFiles::Tensor& tensor, Storage storage);

 private:
  void report(const MappedFile& file, std::span<const std::byte> source);

  const LoadOptions& options_;
  Weights& weights_;
  std::size_t done_ = 0, total_ = 0;  // bytes of the files
};

const void* Converter::data(const TensorFiles::Tensor& tensor, Storage storage) {
  const StoredTensor& stored = tensor.stored;
  if (used_in_place(stored, storage)) {
    if (weights_.files.empty() || weights_.files.back() != tensor.memory)
      weights_.files.push_back(tensor.memory);
    return stored.data.data();
  }
  const std::size_t elements = stored.elements();
  if (elements == 0) return nullptr;
  const std::size_t to_bytes = bytes_per_element(storage);
  AlignedBuffer& buffer = weights_.buffers.emplace_back(elements * to_bytes);
  constexpr std::size_t piece = elements_in_piece;
  for (std::size_t at = 0; at < elements; at += piece) {
    const std::size_t count = std::min(piece, elements - at);
    const auto source =
        stored.data.subspan(stored_bytes(stored.dtype, at), stored_bytes(stored.dtype, count));
    convert(stored.dtype, source.data(), count, storage, buffer.data() + at * to_bytes);
    report(*tensor.file, source);
  }
  return buffer.data();
}

const void* Converter::packed(const TensorFiles::Tensor& tensor, Storage storage) {
  const StoredTensor& stored = tensor.stored;
  if (stored.elements() == 0) return nullptr;
  const int rows = static_cast<int>(stored.shape[0]), cols = static_cast<int>(stored.shape[1]);
  AlignedBuffer& buffer = weights_.buffers.emplace_back(matrix_bytes(storage, rows, cols));
  const Storage exact = stored.dtype == Dtype::bf16 ? Storage::bf16 : Storage::f32;
  const bool in_place = used_in_place(stored, exact);
  const std::size_t row_bytes = stored.data.size() / static_cast<std::size_t>(rows);
  const int piece =
      std::max(elements_in_piece / cols / panel_rows, 1) * panel_rows;  // rows between two reports
  const int threads = options_.threads > 0 ? options_.threads : available_processors();
  std::vector<float> converted;
  for (int row = 0; row < rows; row += piece) {
    const int count = std::min(piece, rows - row);
    const auto source = stored.data.subspan(static_cast<std::size_t>(row) * row_bytes,
                                            static_cast<std::size_t>(count) * row_bytes);
    Matrix matrix{exact, count, cols, source.data()};
    if (!in_place) {
      const std::size_t elements = static_cast<std::size_t>(count) * static_cast<std::size_t>(cols);
      converted.resize(elements);
      convert(stored.dtype, source.data(), elements, Storage::f32, converted.data());
      matrix = {Storage::f32, count, cols, converted.data()};
    }
    quantize(storage, matrix, *best_kernels().quantized, threads,
             buffer.data() + matrix_bytes(storage, row, cols));
    report(*tensor.file, source);
  }
  return buffer.data();
}

void Converter::report(const MappedFile& file, std::span<const std::byte> source) {
  file.release(source);
  done_ += source.size();
  if (options_.progress) options_.progress(done_, total_);
}

}  // namespace

Weights load_weights(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options) {
  Weights weights;
  const WeightPlan plan = plan_weights(files, config, options.ignore_extra, weights);

  const bool all_bf16 = std::all_of(
      plan.matrices.begin(), plan.matrices.end(),
      [](const WeightPlan::MatrixPlace& place) { return place.tensor->stored.dtype == Dtype::bf16; });
  const Storage storage = options.storage.value_or(all_bf16 ? Storage::bf16 : Storage::f32);

  Converter converter(options, weights);
  for (const auto& [tensor, to] : plan.matrices) converter.count(tensor->stored, storage);
  for (const auto& [tensor, to] : plan.vectors) converter.count(tensor->stored, Storage::f32);
  for (const auto& [tensor, to] : plan.matrices) {
    const auto& shape = tensor->stored.shape;
    *to = {storage, static_cast<int>(shape[0]), static_cast<int>(shape[1]),
           is_packed(storage) ? converter.packed(*tensor, storage) : converter.data(*tensor, storage)};
  }
  for (const auto& [tensor, to] : plan.vectors)
    *to = {static_cast<const float*>(converter.data(*tensor, Storage::f32)), tensor->stored.shape[0]};
  if (plan.tied) weights.head = weights.embedding;
  return weights;
}

Weights load_weights(const std::filesystem::path& folder, const ModelConfig& config,
                     const LoadOptions& options) {
  return load_weights(TensorFiles(folder), config, options);
}

}  // namespace kelvin
