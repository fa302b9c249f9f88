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

// Where the rows of logits lie in a file's bytes. Vocabulary 0: nobody said it, and `rows` counts the numbers.
struct LogitsLayout {
  std::size_t offset = 0;      // bytes before the first number
  std::size_t rows = 0;        // at least one
  std::size_t vocabulary = 0;  // numbers in a row
};

// Of a .npy file as its header says: float32 in C order, (rows, vocabulary), or (vocabulary,) for one row. Of raw
// numbers by `vocabulary`. Throws UserError, which names `path` and what was expected, for any other array, a length that
// does not fit, and a header that contradicts `vocabulary` (unless it is 0).
LogitsLayout logits_layout(std::span<const std::byte> bytes, const std::string& path, std::size_t vocabulary);

}  // namespace kelvin
