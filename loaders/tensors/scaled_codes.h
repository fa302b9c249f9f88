// Matrices of quantised folders: small codes, and scales that hold for groups of them. Every number is
//   w[o, i] = scale * (code[o, i] - zero)
// in float32: the difference is exact, the product is rounded once (to nearest, ties to even), as the reference
// programs have it with scales widened to float32. Where a packed layout holds the same numbers, they are kept so
// (scaled_layout.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "loaders/tensors/code_reader.h"
#include "loaders/tensors/computed_matrix.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

struct ScaleTensor {
  const TensorFiles::Tensor* tensor;
  std::uint64_t row_block = 1;  // rows one holds for; 0: all
  bool groups_first = false;    // (groups, rows) instead of (rows, groups)
};

struct ScaledCodesSpec {
  std::uint64_t rows, cols;
  CodeTensor codes;
  ScaleTensor scales;
  std::optional<CodeTensor> zeros;           // a matrix of (rows, groups); absent: zero is 0
  std::uint64_t group_size;                  // columns of a group, of which the last may be a part; 0: all
  std::vector<std::uint32_t> group_of = {};  // (cols,) where columns are in no order
};

// Copies of the tensors named are kept. Sizes must have been checked: quantized_folder.cpp does.
std::shared_ptr<const ComputedMatrix> scaled_codes(const ScaledCodesSpec& spec);

}  // namespace kelvin
