#include "loaders/checkpoint.h"

#include <algorithm>
#include <cstdint>

#include "loaders/convert.h"
#include "loaders/tensor_files.h"
#include "loaders/weight_plan.h"

namespace kelvin {
namespace {

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
    if (!used_in_place(tensor, storage)) total_ += tensor.data.size();
  }
  // The tensor's numbers in the wanted format: those in the file, or a new buffer of `weights`.
  const void* data(const TensorFiles::Tensor& tensor, Storage storage);

 private:
  const LoadOptions& options_;
  Weights& weights_;
  std::size_t done_ = 0, total_ = 0;  // bytes of the files
};

const void* Converter::data(const TensorFiles::Tensor& tensor, Storage storage) {
  const StoredTensor& stored = tensor.stored;
  if (used_in_place(stored, storage)) {
    if (weights_.files.empty() || weights_.files.back() != tensor.file) weights_.files.push_back(tensor.file);
    return stored.data.data();
  }
  const std::size_t elements = stored.elements();
  if (elements == 0) return nullptr;
  const std::size_t from_bytes = stored.data.size() / elements, to_bytes = bytes_per_element(storage);
  AlignedBuffer& buffer = weights_.buffers.emplace_back(elements * to_bytes);
  constexpr std::size_t piece = std::size_t{1} << 22;  // elements between two reports
  for (std::size_t at = 0; at < elements; at += piece) {
    const std::size_t count = std::min(piece, elements - at);
    const auto source = stored.data.subspan(at * from_bytes, count * from_bytes);
    convert(stored.dtype, source.data(), count, storage, buffer.data() + at * to_bytes);
    tensor.file->release(source);
    done_ += source.size();
    if (options_.progress) options_.progress(done_, total_);
  }
  return buffer.data();
}

}  // namespace

Weights load_weights(const std::filesystem::path& folder, const ModelConfig& config,
                     const LoadOptions& options) {
  const TensorFiles files(folder);
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
    *to = {storage, static_cast<int>(shape[0]), static_cast<int>(shape[1]), converter.data(*tensor, storage)};
  }
  for (const auto& [tensor, to] : plan.vectors)
    *to = {static_cast<const float*>(converter.data(*tensor, Storage::f32)), tensor->stored.shape[0]};
  if (plan.tied) weights.head = weights.embedding;
  return weights;
}

}  // namespace kelvin
