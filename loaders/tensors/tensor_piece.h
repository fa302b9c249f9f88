// Consecutive numbers of a tensor: all, or some rows of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loaders/tensors/convert.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

struct TensorPiece {
  const TensorFiles::Tensor* tensor;  // not packed
  std::size_t first, count;           // elements: whole blocks of its format

  Dtype dtype() const { return tensor->stored.dtype; }
  std::span<const std::byte> bytes() const {
    return tensor->stored.data.subspan(stored_bytes(dtype(), first), stored_bytes(dtype(), count));
  }
  // Whether the numbers can be used where they lie: of the wanted format and aligned for it.
  bool lies_as(Storage storage) const {
    return same_format(dtype(), storage) &&
           reinterpret_cast<std::uintptr_t>(bytes().data()) % bytes_per_element(storage) == 0;
  }
};

inline TensorPiece whole(const TensorFiles::Tensor& tensor) { return {&tensor, 0, tensor.stored.elements()}; }

}  // namespace kelvin
