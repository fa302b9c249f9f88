// Codes of quantised folders, row by row, however they lie in their tensor.
#pragma once

#include <cstddef>
#include <cstdint>

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

class CodeReader {
 public:
  // Of a matrix whose rows are `cols` long. Keeps a copy of the tensor; its sizes must have been checked.
  CodeReader(const CodeTensor& codes, std::uint64_t cols);

  const TensorFiles::Tensor& tensor() const { return tensor_; }
  // Codes of one row as floats, which hold them exactly.
  void read(std::size_t row, float* to) const;  // (cols,)
  // Codes of rows [first, first + count) times `unit`, which makes them whole numbers below 2^15; row after row,
  // `stride` apart. Rows of a word or a line of memory cost least together.
  void read_whole(std::size_t first, std::size_t count, int unit, std::int16_t* to, std::size_t stride) const;

 private:
  float minus(int code) const { return static_cast<float>(code - offset_); }
  std::size_t width() const { return tensor_.stored.shape.empty() ? 1 : tensor_.stored.shape.back(); }
  template <class Number>
  void read_words(const std::byte* words, std::size_t stride, Number* to) const;
  void read_awq(std::size_t first, std::size_t count, std::int16_t* to, std::size_t stride) const;

  TensorFiles::Tensor tensor_;
  CodeLayout layout_;
  int bits_, offset_;
  bool one_row_;
  std::size_t cols_;
};

// Number `index` of a tensor of F32, F16, BF16, or of one byte each: F8_E8M0, U8 read as such.
float number_at(const StoredTensor& tensor, std::size_t index);

// 2^(bits - 127) of one byte, the scales of MX formats; 255 is NaN.
float e8m0_to_f32(std::uint8_t bits);
float e4m3_to_f32(std::uint8_t bits);

}  // namespace kelvin
