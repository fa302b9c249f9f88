#include "loaders/model/checkpoint.h"

#include <string>

#include "loaders/model/tensor_mapping.h"
#include "loaders/model/weight_memory.h"
#include "loaders/model/weight_storage.h"
#include "loaders/tensors/packed_tensors.h"
#include "loaders/tensors/tensor_convert.h"

namespace kelvin {
namespace {

// Converts what does not lie in its file as it is wanted, and reports how far it has come.
class Filler {
 public:
  Filler(const LoadOptions& options, Weights& weights, std::size_t needed)
      : options_(options), weights_(weights), needed_(needed) {}

  void count(const WeightPlan::MatrixPlace& place, Storage storage) {
    if (!used_in_place(place, storage)) total_ += place.piece().file_bytes();
  }
  void count(const WeightPlan::VectorPlace& place) {
    if (used_in_place(place)) return;
    for (const TensorFiles::Tensor* tensor : place.tensors) total_ += whole(*tensor).file_bytes();
  }
  // The numbers in the wanted format: those in the file, or in a buffer of `weights`.
  const void* matrix(const WeightPlan::MatrixPlace& place, Storage storage);
  std::span<const float> vector(const WeightPlan::VectorPlace& place);

 private:
  std::byte* take(std::size_t bytes);
  const void* keep(const TensorFiles::Tensor& tensor, std::span<const std::byte> part);
  void convert(const TensorPiece& piece, int cols, Storage storage, std::byte* to);

  const LoadOptions& options_;
  Weights& weights_;
  std::size_t done_ = 0, total_ = 0;  // bytes of the files
  std::size_t needed_, taken_ = 0;    // bytes of the buffer
};

// One buffer for all: the large pages that each would be rounded up to were a tenth of a model in 4 bits.
std::byte* Filler::take(std::size_t bytes) {
  if (taken_ == 0) weights_.buffers.emplace_back(needed_);
  std::byte* const room = weights_.buffers.back().data() + taken_;
  taken_ += room_for(bytes);
  return room;
}

const void* Filler::keep(const TensorFiles::Tensor& tensor, std::span<const std::byte> part) {
  if (weights_.files.empty() || weights_.files.back() != tensor.memory)
    weights_.files.push_back(tensor.memory);
  return part.data();
}

void Filler::convert(const TensorPiece& piece, int cols, Storage storage, std::byte* to) {
  for (PieceConverter converter(piece, cols, storage, options_.threads); !converter.done();) {
    const std::size_t bytes = converter.step_bytes();
    done_ += converter.step(to);
    to += bytes;
    if (options_.progress) options_.progress(done_, total_);
  }
}

const void* Filler::matrix(const WeightPlan::MatrixPlace& place, Storage storage) {
  if (place.tensor->stored.packed)
    return keep(*place.tensor, packed_rows(*place.tensor, place.first_row, place.rows));
  const TensorPiece piece = place.piece();
  if (used_in_place(place, storage)) return keep(*place.tensor, piece.bytes());
  if (piece.count == 0) return nullptr;
  std::byte* const room = take(matrix_bytes(storage, place.rows, place.cols));
  convert(piece, place.cols, storage, room);
  return room;
}

std::span<const float> Filler::vector(const WeightPlan::VectorPlace& place) {
  std::size_t size = 0;
  for (const TensorFiles::Tensor* tensor : place.tensors) size += whole(*tensor).count;
  if (used_in_place(place)) {
    const TensorFiles::Tensor& tensor = *place.tensors.front();
    return {static_cast<const float*>(keep(tensor, tensor.stored.data)), size};
  }
  std::byte* const room = take(size * sizeof(float));
  float* const numbers = reinterpret_cast<float*>(room);
  std::byte* at = room;
  for (const TensorFiles::Tensor* tensor : place.tensors) {
    const TensorPiece piece = whole(*tensor);
    convert(piece, static_cast<int>(piece.count), Storage::f32, at);
    at += piece.count * sizeof(float);
  }
  for (std::size_t i = 0; place.plus != 0.0f && i < size; ++i) numbers[i] += place.plus;
  return {numbers, size};
}

}  // namespace

Weights load_weights(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options) {
  Weights weights;
  const WeightPlan plan = plan_weights(files, config, options.ignore_extra, weights);
  const WeightStorage storage(plan, weights, options.storage);

  require_weight_memory(plan, storage, weights);
  Filler filler(options, weights, weight_memory(plan, storage));
  for (const WeightPlan::MatrixPlace& place : plan.matrices) filler.count(place, storage.of(place));
  for (const WeightPlan::VectorPlace& place : plan.vectors) filler.count(place);
  for (const WeightPlan::MatrixPlace& place : plan.matrices)
    *place.to = {storage.of(place), place.rows, place.cols, filler.matrix(place, storage.of(place))};
  for (const WeightPlan::VectorPlace& place : plan.vectors) *place.to = filler.vector(place);
  if (plan.tied) weights.lm_head = weights.embedding;
  return weights;
}

Weights load_weights(const std::filesystem::path& folder, const ModelConfig& config,
                     const LoadOptions& options) {
  return load_weights(TensorFiles(folder), config, options);
}

}  // namespace kelvin
