#include "loaders/tensors/tensor_convert.h"

#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/platform/available_processors.h"
#include "engine/quantize/quantize.h"
#include "engine/weights/packed.h"
#include "loaders/tensors/repack.h"

namespace kelvin {
namespace {

constexpr std::size_t elements_in_step = std::size_t{1} << 22;
constexpr std::size_t elements_in_unit = std::size_t{1} << 16;  // of one thread; whole blocks of any format
constexpr std::size_t rows_in_unit =
    16;  // of a computed matrix at least: codes of neighbouring rows may share words

}  // namespace

PieceConverter::PieceConverter(const TensorPiece& piece, int cols, Storage storage, int threads)
    : left_(piece), cols_(cols), storage_(storage), team_(threads > 0 ? threads : available_processors()) {}

TensorPiece PieceConverter::next() const {
  std::size_t max = elements_in_step;
  if (is_packed(storage_)) {
    const std::size_t panel = static_cast<std::size_t>(kernels::panel_rows) * static_cast<std::size_t>(cols_);
    max = std::max(max / panel, std::size_t{1}) * panel;
  } else if (left_.computed() || left_.tensor->stored.paired_rows) {
    max = std::max(max / left_.cols(), std::size_t{1}) * left_.cols();
  }
  return {left_.tensor, left_.first, std::min(left_.count, max)};
}

std::size_t PieceConverter::step_bytes() const {
  const std::size_t count = next().count;
  return is_packed(storage_)
             ? matrix_bytes(storage_, static_cast<int>(count / static_cast<std::size_t>(cols_)), cols_)
             : count * bytes_per_element(storage_);
}

TensorPiece PieceConverter::in_order(const TensorPiece& piece) {
  const StoredTensor& stored = piece.tensor->stored;
  if (!stored.paired_rows) return piece;
  const std::size_t cols = piece.cols(), rows = piece.count / cols;
  ordered_bytes_.resize(stored_bytes(stored.dtype, piece.count));
  copy_rows(stored, piece.first / cols, rows, ordered_bytes_.data());
  ordered_ = {{stored.name, stored.dtype, {rows, cols}, ordered_bytes_}, piece.tensor->file, nullptr};
  return whole(ordered_);
}

std::size_t PieceConverter::step(std::byte* to) {
  const TensorPiece lying = next(), piece = in_order(lying);
  if (is_packed(storage_))
    pack(piece, to);
  else
    convert_all(piece, storage_, to);
  left_.first += lying.count;
  left_.count -= lying.count;
  if (!lying.computed())
    lying.tensor->file->release(lying.bytes());
  else if (done())  // a row may lie in every page
    lying.tensor->stored.computed->release();
  return lying.file_bytes();
}

void PieceConverter::compute_all(const TensorPiece& piece, Storage storage, std::byte* to) {
  const std::size_t cols = piece.cols(), first = piece.first / cols, rows = piece.count / cols;
  const std::size_t in_unit = std::max(elements_in_unit / cols, rows_in_unit);
  team_.parallel_for(static_cast<int>((rows + in_unit - 1) / in_unit), [&](int unit) {
    const std::size_t at = static_cast<std::size_t>(unit) * in_unit, count = std::min(in_unit, rows - at);
    std::byte* const there = to + at * cols * bytes_per_element(storage);
    if (storage == Storage::f32)
      return piece.tensor->stored.computed->read_rows(first + at, count, reinterpret_cast<float*>(there));
    std::vector<float> wide(count * cols);
    piece.tensor->stored.computed->read_rows(first + at, count, wide.data());
    convert(Dtype::f32, reinterpret_cast<const std::byte*>(wide.data()), wide.size(), storage, there);
  });
}

void PieceConverter::convert_all(const TensorPiece& piece, Storage storage, std::byte* to) {
  if (piece.computed()) return compute_all(piece, storage, to);
  const std::size_t units = (piece.count + elements_in_unit - 1) / elements_in_unit;
  if (units == 1) return convert(piece.dtype(), piece.bytes().data(), piece.count, storage, to);
  team_.parallel_for(static_cast<int>(units), [&](int unit) {
    const std::size_t at = static_cast<std::size_t>(unit) * elements_in_unit;
    const TensorPiece part{piece.tensor, piece.first + at, std::min(elements_in_unit, piece.count - at)};
    convert(part.dtype(), part.bytes().data(), part.count, storage, to + at * bytes_per_element(storage));
  });
}

void PieceConverter::pack(const TensorPiece& piece, std::byte* to) {
  const int rows = static_cast<int>(piece.count / static_cast<std::size_t>(cols_));
  if (is_of_files(storage_)) return repack(piece, rows, to);
  const Storage exact = exact_storage(piece.dtype());
  Matrix matrix{exact, rows, cols_, nullptr};
  if (piece.lies_as(exact)) {
    matrix.data = piece.bytes().data();
  } else {
    widened_.resize(piece.count);
    convert_all(piece, Storage::f32, reinterpret_cast<std::byte*>(widened_.data()));
    matrix = {Storage::f32, rows, cols_, widened_.data()};
  }
  quantize(storage_, matrix, *best_kernels().quantized, team_, to);
}

void PieceConverter::repack(const TensorPiece& piece, int rows, std::byte* to) {
  const int panel_rows = kernels::panel_rows;
  const std::size_t panel_bytes = packed_panel_bytes(storage_, cols_);
  team_.parallel_for((rows + panel_rows - 1) / panel_rows, [&](int panel) {
    const int first = panel * panel_rows, count = std::min(panel_rows, rows - first);
    const std::size_t cols = static_cast<std::size_t>(cols_), row = static_cast<std::size_t>(first);
    std::byte* const there = to + static_cast<std::size_t>(panel) * panel_bytes;
    if (piece.computed())
      return piece.tensor->stored.computed->pack_panel(piece.first / cols + row,
                                                       static_cast<std::size_t>(count), there);
    repack_panel(piece.dtype(), piece.bytes().data() + stored_bytes(piece.dtype(), row * cols), count, cols_,
                 there);
  });
}

}  // namespace kelvin
