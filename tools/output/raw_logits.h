// Files of raw numbers: float32, little-endian, no header; rows of one vocabulary each.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kelvin {

// The bytes of `values` in such a file.
std::string raw_float32(std::span<const float> values);
std::vector<float> float32_of(std::span<const std::byte> bytes);  // its inverse

// What stands before them in a file as NumPy reads it, for an array of this shape in C order: format version 1.0.
std::string npy_header(std::span<const std::size_t> shape);

// Where the rows of logits lie in a file's bytes.
struct LogitsLayout {
  std::size_t offset = 0;  // bytes before the first number
  std::size_t rows = 0;    // at least one
  std::size_t vocabulary =
      0;  // numbers in a row; 0: a raw file, which does not say, with all its numbers in one row
  std::size_t numbers() const { return vocabulary > 0 ? rows * vocabulary : rows; }
};

// Of a .npy file as its header says: float32 in C order, (rows, vocabulary), or (vocabulary,) for one row. Of raw
// numbers by `vocabulary`; where that is 0, `rows` counts numbers. Throws UserError, which names `path` and what was
// expected, for any other array, a length that does not fit, and a header that contradicts `vocabulary` (unless it is 0).
LogitsLayout logits_layout(std::span<const std::byte> bytes, const std::string& path, std::size_t vocabulary);

}  // namespace kelvin
