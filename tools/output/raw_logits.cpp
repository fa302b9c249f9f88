#include "tools/output/raw_logits.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tokenizer/base/user_error.h"
#include "tools/output/read_file.h"

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
  std::string bytes = read_file(path);
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    throw UserError(path + ": float32 numbers expected, " + std::to_string(bytes.size()) + " bytes found");
  reorder(bytes);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace kelvin
