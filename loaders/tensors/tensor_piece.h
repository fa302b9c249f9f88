// Consecutive numbers of a tensor: all, or some rows of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loaders/tensors/computed_matrix.h"
#include "loaders/tensors/convert.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

struct TensorPiece {
  const TensorFiles::Tensor* tensor;  // not packed
  std::size_t first, count;           // elements: whole blocks of its format, whole rows of a computed matrix

  // Not of a matrix that is computed, nor of one whose rows lie in another order.
  std::span<const std::byte> bytes() const {
    return tensor->stored.data.subspan(stored_bytes(dtype(), first), stored_bytes(dtype(), count));
  }
  Dtype dtype() const { return tensor->stored.dtype; }
  bool computed() const { return tensor->stored.computed != nullptr; }
  std::size_t cols() const { return tensor->stored.shape.back(); }  // of a matrix
  std::size_t file_bytes() const {
    return computed() ? count / cols() * tensor->stored.computed->row_bytes() : bytes().size();
  }
  // Whether the numbers can be used where they lie: of the wanted format and aligned for it.
  bool lies_as(Storage storage) const {
    return !computed() && !tensor->stored.paired_rows && same_format(dtype(), storage) &&
           reinterpret_cast<std::uintptr_t>(bytes().data()) % bytes_per_element(storage) == 0;
  }
};

inline TensorPiece whole(const TensorFiles::Tensor& tensor) { return {&tensor, 0, tensor.stored.elements()}; }

}  // namespace kelvin
