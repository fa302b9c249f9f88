// Safetensors files made by hand.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kelvin::test {

struct TensorToWrite {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::string data;
};

// A file of any header and data.
inline std::string safetensors_file(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

// A valid file. The header is padded with spaces until the data begins at `alignment` modulo 64.
inline std::string safetensors_file(const std::vector<TensorToWrite>& tensors, std::size_t alignment = 0) {
  std::string header = "{", data;
  for (const TensorToWrite& tensor : tensors) {
    if (header.size() > 1) header += ",";
    header += "\"" + tensor.name + "\":{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i)
      header += (i ? "," : "") + std::to_string(tensor.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + ",";
    data += tensor.data;
    header += std::to_string(data.size()) + "]}";
  }
  header += "}";
  while ((8 + header.size()) % 64 != alignment) header += " ";
  return safetensors_file(header, data);
}

inline std::string f32_bytes(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline std::string u16_bytes(const std::vector<std::uint16_t>& values) {
  std::string bytes(values.size() * sizeof(std::uint16_t), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace kelvin::test
