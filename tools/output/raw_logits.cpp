#include "tools/output/raw_logits.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>

#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

// To or from little-endian; its own inverse.
void reorder(std::string& bytes) {
  if constexpr (std::endian::native == std::endian::big)
    for (auto at = bytes.begin(); at != bytes.end(); at += 4) std::reverse(at, at + 4);
}

}  // namespace

std::string raw_float32(std::span<const float> values) {
  std::string bytes(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  reorder(bytes);
  return bytes;
}

std::vector<float> read_raw_float32(const std::string& path) {
  constexpr std::size_t piece = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  while (file) {
    const std::size_t size = bytes.size();
    bytes.resize(size + piece);
    file.read(bytes.data() + size, piece);
    bytes.resize(size + static_cast<std::size_t>(file.gcount()));
  }
  // A folder opens, and fails when it is read.
  if (!file.is_open() || file.bad()) throw UserError(path + ": cannot be read");
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    throw UserError(path + ": float32 numbers expected, " + std::to_string(bytes.size()) + " bytes found");
  reorder(bytes);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace kelvin
