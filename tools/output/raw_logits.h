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

// All numbers of such a file or pipe ("-": stdin). Throws UserError, which names the path, where it cannot be
// read, is empty, or its length is no multiple of four bytes.
std::vector<float> read_raw_float32(const std::string& path);

}  // namespace kelvin
