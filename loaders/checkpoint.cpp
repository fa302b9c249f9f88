#include "loaders/checkpoint.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "engine/available_memory.h"
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

// Numbers of a tensor: all, or some rows of it.
struct Piece {
  const TensorFiles::Tensor* tensor;
  std::size_t first, count;  // elements

  std::span<const std::byte> bytes() const {
    return tensor->stored.data.subspan(stored_bytes(dtype(), first), stored_bytes(dtype(), count));
  }
  Dtype dtype() const { return tensor->stored.dtype; }
};

Piece whole(const TensorFiles::Tensor& tensor) { return {&tensor, 0, tensor.stored.elements()}; }

Piece rows_of(const WeightPlan::MatrixPlace& place) {
  const std::size_t cols = static_cast<std::size_t>(place.cols);
  return {place.tensor, static_cast<std::size_t>(place.first_row) * cols,
          static_cast<std::size_t>(place.rows) * cols};
}

// Converts what does not lie in its file as it is wanted, and reports how far it has come.
class Converter {
 public:
  Converter(const LoadOptions& options, Weights& weights) : options_(options), weights_(weights) {}

  void count(const WeightPlan::MatrixPlace& place, Storage storage) {
    const Piece piece = rows_of(place);
    if (!is_packed(storage) && used_in_place(piece, storage)) return;
    total_ += piece.bytes().size();
    needed_ += matrix_bytes(storage, place.rows, place.cols);
  }
  void count(const WeightPlan::VectorPlace& place) {
    if (used_in_place(place)) return;
    for (const TensorFiles::Tensor* tensor : place.tensors) {
      total_ += whole(*tensor).bytes().size();
      needed_ += whole(*tensor).count * sizeof(float);
    }
  }
  std::size_t needed() const { return needed_; }  // bytes of buffers for what was counted
  // The numbers in the wanted format: those in the file, or a new buffer of `weights`.
  const void* matrix(const WeightPlan::MatrixPlace& place, Storage storage);
  std::span<const float> vector(const WeightPlan::VectorPlace& place);

 private:
  static bool used_in_place(const Piece& piece, Storage storage) {
    return same_format(piece.dtype(), storage) && aligned(piece.bytes().data(), storage);
  }
  static bool used_in_place(const WeightPlan::VectorPlace& place) {
    return place.tensors.size() == 1 && place.plus == 0.0f &&
           used_in_place(whole(*place.tensors.front()), Storage::f32);
  }
  const void* keep(const Piece& piece);
  void convert_to(const Piece& piece, Storage storage, std::byte* to);
  void pack_to(const Piece& piece, Storage storage, int cols, std::byte* to);
  void report(const Piece& piece);

  const LoadOptions& options_;
  Weights& weights_;
  std::size_t done_ = 0, total_ = 0;  // bytes of the files
  std::size_t needed_ = 0;
};

const void* Converter::keep(const Piece& piece) {
  const auto& memory = piece.tensor->memory;
  if (weights_.files.empty() || weights_.files.back() != memory) weights_.files.push_back(memory);
  return piece.bytes().data();
}

void Converter::convert_to(const Piece& piece, Storage storage, std::byte* to) {
  constexpr std::size_t step = elements_in_piece;
  for (std::size_t at = 0; at < piece.count; at += step) {
    const Piece some{piece.tensor, piece.first + at, std::min(step, piece.count - at)};
    convert(some.dtype(), some.bytes().data(), some.count, storage, to + at * bytes_per_element(storage));
    report(some);
  }
}

void Converter::pack_to(const Piece& piece, Storage storage, int cols, std::byte* to) {
  const std::size_t width = static_cast<std::size_t>(cols);
  // Whole panels between two reports.
  const std::size_t step =
      static_cast<std::size_t>(std::max(elements_in_piece / cols / panel_rows, 1)) * panel_rows * width;
  const int threads = options_.threads > 0 ? options_.threads : available_processors();
  const Storage exact = piece.dtype() == Dtype::bf16 ? Storage::bf16 : Storage::f32;
  std::vector<float> converted;
  for (std::size_t at = 0; at < piece.count; at += step) {
    const Piece some{piece.tensor, piece.first + at, std::min(step, piece.count - at)};
    const int rows = static_cast<int>(some.count / width);
    Matrix matrix{exact, rows, cols, some.bytes().data()};
    if (!used_in_place(some, exact)) {
      converted.resize(some.count);
      convert(some.dtype(), some.bytes().data(), some.count, Storage::f32, converted.data());
      matrix = {Storage::f32, rows, cols, converted.data()};
    }
    quantize(storage, matrix, *best_kernels().quantized, threads,
             to + matrix_bytes(storage, static_cast<int>(at / width), cols));
    report(some);
  }
}

void Converter::report(const Piece& piece) {
  piece.tensor->file->release(piece.bytes());
  done_ += piece.bytes().size();
  if (options_.progress) options_.progress(done_, total_);
}

const void* Converter::matrix(const WeightPlan::MatrixPlace& place, Storage storage) {
  const Piece piece = rows_of(place);
  if (!is_packed(storage) && used_in_place(piece, storage)) return keep(piece);
  if (piece.count == 0) return nullptr;
  AlignedBuffer& buffer = weights_.buffers.emplace_back(matrix_bytes(storage, place.rows, place.cols));
  if (is_packed(storage))
    pack_to(piece, storage, place.cols, buffer.data());
  else
    convert_to(piece, storage, buffer.data());
  return buffer.data();
}

std::span<const float> Converter::vector(const WeightPlan::VectorPlace& place) {
  std::size_t size = 0;
  for (const TensorFiles::Tensor* tensor : place.tensors) size += whole(*tensor).count;
  if (used_in_place(place)) return {static_cast<const float*>(keep(whole(*place.tensors.front()))), size};
  AlignedBuffer& buffer = weights_.buffers.emplace_back(size * sizeof(float));
  std::byte* at = buffer.data();
  for (const TensorFiles::Tensor* tensor : place.tensors) {
    const Piece piece = whole(*tensor);
    convert_to(piece, Storage::f32, at);
    at += piece.count * sizeof(float);
  }
  for (std::size_t i = 0; place.plus != 0.0f && i < size; ++i) buffer.floats()[i] += place.plus;
  return {buffer.floats(), size};
}

}  // namespace

Weights load_weights(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options) {
  Weights weights;
  const WeightPlan plan = plan_weights(files, config, options.ignore_extra, weights);

  const bool all_bf16 = std::all_of(
      plan.matrices.begin(), plan.matrices.end(),
      [](const WeightPlan::MatrixPlace& place) { return place.tensor->stored.dtype == Dtype::bf16; });
  const Storage as_stored = all_bf16 ? Storage::bf16 : Storage::f32;
  const WeightKind kind = options.storage.value_or(WeightKind(as_stored));
  const auto storage_of = [&](const WeightPlan::MatrixPlace& place) {
    // Routers are small and decide: a token whose expert changes is another token.
    if (place.exact) return is_packed(kind.layers) ? as_stored : kind.layers;
    if (place.to == &weights.embedding && !plan.tied) return kind.embedding;
    return place.to == &weights.embedding || place.to == &weights.head ? kind.head : kind.layers;
  };

  Converter converter(options, weights);
  for (const WeightPlan::MatrixPlace& place : plan.matrices) converter.count(place, storage_of(place));
  for (const WeightPlan::VectorPlace& place : plan.vectors) converter.count(place);
  require_memory(converter.needed(), std::string("weights as ") + kind.name());
  for (const WeightPlan::MatrixPlace& place : plan.matrices)
    *place.to = {storage_of(place), place.rows, place.cols, converter.matrix(place, storage_of(place))};
  for (const WeightPlan::VectorPlace& place : plan.vectors) *place.to = converter.vector(place);
  if (plan.tied) weights.head = weights.embedding;
  return weights;
}

Weights load_weights(const std::filesystem::path& folder, const ModelConfig& config,
                     const LoadOptions& options) {
  return load_weights(TensorFiles(folder), config, options);
}

}  // namespace kelvin
