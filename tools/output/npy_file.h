// Arrays as NumPy reads them: format version 1.0, float32, little-endian, C order.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace kelvin {

// What stands before the numbers of an array of this shape; raw_float32() (raw_logits.h) writes the numbers.
std::string npy_header(std::span<const std::size_t> shape);

}  // namespace kelvin
