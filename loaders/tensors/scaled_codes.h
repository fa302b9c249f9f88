// Matrices of quantised folders: small codes, and scales that hold for groups of them. Every number is
//   w[o, i] = scale * (code[o, i] - zero)
// in float32: the difference is exact, the product is rounded once (to nearest, ties to even), as the reference
// programs have it with scales widened to float32.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "loaders/tensors/computed_matrix.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// How the codes of a matrix lie in their tensor. Codes of bits lie one after the other from the lowest bit of 32-bit
// words on, without gaps.
enum class CodeLayout : std::uint8_t {
  row_along,     // I32 (rows, words): a row's codes along a row of words
  row_down,      // I32 (words, rows): a row's codes down a column of words
  column_along,  // I32 (cols, words): a column's codes along a row of words
  column_down,   // I32 (words, cols): a column's codes down a column of words
  awq,     // as column_along, but nibble n of a word belongs to row (0, 2, 4, 6, 1, 3, 5, 7)[n] of its eight
  int8,    // I8 (rows, cols)
  float8,  // F8_E4M3 or F8_E5M2 (rows, cols)
  float4   // U8 (rows, cols / 2): E2M1, the low nibble first
};

struct CodeTensor {
  const TensorFiles::Tensor* tensor;
  CodeLayout layout;
  int bits = 8;
  int offset = 0;        // taken off every code of bits
  bool one_row = false;  // which all rows share
};

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

// 2^(bits - 127) of one byte, the scales of MX formats; 255 is NaN.
float e8m0_to_f32(std::uint8_t bits);
float e4m3_to_f32(std::uint8_t bits);

}  // namespace kelvin
