// Files of raw numbers: float32, little-endian, no header; rows of one vocabulary each.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace kelvin {

// The bytes of `values` in such a file.
std::string raw_float32(std::span<const float> values);

// All numbers of such a file or pipe ("-": stdin). Throws UserError, which names the path, where it cannot be
// read, is empty, or its length is no multiple of four bytes.
std::vector<float> read_raw_float32(const std::string& path);

}  // namespace kelvin
