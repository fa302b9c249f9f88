// Stored numbers to the wanted format, a few million at a time on all threads: to pack a model takes the
// memory of one step.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/platform/thread_team.h"
#include "engine/weights/weights.h"
#include "loaders/tensors/tensor_piece.h"

namespace kelvin {

class PieceConverter {
 public:
  // `piece` is rows of `cols` numbers (of a vector: one row). threads: 0 is one per available processor.
  PieceConverter(const TensorPiece& piece, int cols, Storage storage, int threads);

  bool done() const { return left_.count == 0; }
  std::size_t step_bytes() const;  // what the next step writes: the first one writes the most
  // Writes step_bytes() to `to`, aligned to the element, and returns how many bytes of the file it read; their
  // pages are given back (madvise(MADV_DONTNEED)), those of computed matrices after the last step.
  std::size_t step(std::byte* to);

 private:
  TensorPiece next() const;
  // The same with its rows in order, in memory of its own where they lie in another one.
  TensorPiece in_order(const TensorPiece& piece);
  void compute_all(const TensorPiece& piece, Storage storage, std::byte* to);
  void convert_all(const TensorPiece& piece, Storage storage, std::byte* to);
  void pack(const TensorPiece& piece, std::byte* to);
  void repack(const TensorPiece& piece, int rows, std::byte* to);

  TensorPiece left_;
  int cols_;
  Storage storage_;
  ThreadTeam team_;
  std::vector<float> widened_;
  std::vector<std::byte> ordered_bytes_;
  TensorFiles::Tensor ordered_;  // those bytes
};

}  // namespace kelvin
