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

std::vector<float> float32_of(std::span<const std::byte> bytes) {
  std::string native(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  reorder(native);
  std::vector<float> values(native.size() / sizeof(float));
  std::memcpy(values.data(), native.data(), native.size());
  return values;
}

std::vector<float> read_raw_float32(const std::string& path) {
  const std::string bytes = read_file(path);
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    throw UserError(path + ": float32 numbers expected, " + std::to_string(bytes.size()) + " bytes found");
  return float32_of(std::as_bytes(std::span(bytes)));
}

std::string npy_header(std::span<const std::size_t> shape) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const std::size_t size : shape) text += std::to_string(size) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) text.resize(text.size() - 2);
  text += "), }";
  // Magic, version and length take 10 bytes; the numbers begin at a multiple of 64.
  const std::size_t unpadded = 10 + text.size() + 1, padded = (unpadded + 63) / 64 * 64;
  text += std::string(padded - unpadded, ' ') + "\n";
  const auto length = static_cast<unsigned>(text.size());
  std::string header = "\x93NUMPY";
  header += {'\x01', '\0', static_cast<char>(length & 0xFF), static_cast<char>(length >> 8)};
  return header + text;
}

}  // namespace kelvin
