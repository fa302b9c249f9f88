#include "tools/output/raw_logits.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

// To or from little-endian; its own inverse.
void reorder(std::string& bytes) {
  if constexpr (std::endian::native == std::endian::big)
    for (auto at = bytes.begin(); at != bytes.end(); at += 4) std::reverse(at, at + 4);
}

constexpr std::string_view npy_magic = "\x93NUMPY";

// The header of NumPy's format 1.0, 2.0 or 3.0: magic, version, length, and a Python dictionary.
LogitsLayout npy_layout(std::string_view text, const std::string& path) {
  const auto refuse = [&](const std::string& what) { throw UserError(path + ": " + what); };
  const auto byte_at = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(text[i])}; };
  if (text.size() < 12) refuse("a .npy header expected, " + std::to_string(text.size()) + " bytes found");
  const bool long_header = byte_at(6) > 1;
  std::size_t offset = long_header ? 12 : 10;
  const std::size_t length = long_header
                                 ? byte_at(8) | byte_at(9) << 8 | byte_at(10) << 16 | byte_at(11) << 24
                                 : byte_at(8) | byte_at(9) << 8;
  if (length > text.size() - offset)
    refuse("a .npy header of " + std::to_string(length) + " bytes does not fit");
  const std::string_view header = text.substr(offset, length);
  offset += length;
  // The value behind a key, without spaces before it.
  const auto value_of = [&](std::string_view key) {
    const std::size_t at = header.find(key);
    if (at == header.npos) refuse("no " + std::string(key) + " in its .npy header");
    const std::size_t begin = header.find_first_not_of(" :", at + key.size());
    return begin == header.npos ? std::string_view() : header.substr(begin);
  };
  const std::string_view type = value_of("'descr'"), order = value_of("'fortran_order'"),
                         shape = value_of("'shape'");
  if (!type.starts_with("'<f4'"))
    refuse("float32 ('<f4') expected, " + std::string(type.substr(0, type.find(','))) + " found");
  if (!order.starts_with("False")) refuse("an array in C order expected, Fortran order found");
  std::vector<std::size_t> sizes;
  const std::size_t end = shape.find(')');
  if (!shape.starts_with('(') || end == shape.npos)
    refuse("a shape in parentheses expected in its .npy header");
  for (std::size_t at = 1; at < end;) {
    at = shape.find_first_of("0123456789", at);
    if (at == shape.npos || at >= end) break;
    std::size_t size = 0;
    const auto [next, error] = std::from_chars(shape.data() + at, shape.data() + end, size);
    if (error != std::errc()) refuse("a size that is too large in its .npy header");
    sizes.push_back(size);
    at = static_cast<std::size_t>(next - shape.data());
  }
  if (sizes.empty() || sizes.size() > 2)
    refuse("an array of (rows, vocabulary) expected, " + std::to_string(sizes.size()) + " dimensions found");
  const LogitsLayout layout{offset, sizes.size() == 2 ? sizes[0] : 1, sizes.back()};
  const std::size_t held = (text.size() - offset) / sizeof(float);
  if (layout.rows == 0 || layout.vocabulary == 0 || layout.vocabulary > held / layout.rows ||
      (text.size() - offset) != layout.rows * layout.vocabulary * sizeof(float))
    refuse(std::to_string(layout.rows) + " rows of " + std::to_string(layout.vocabulary) +
           " float32 expected, " + std::to_string(text.size() - offset) + " bytes found");
  return layout;
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

LogitsLayout logits_layout(std::span<const std::byte> bytes, const std::string& path,
                           std::size_t vocabulary) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(npy_magic)) {
    const LogitsLayout layout = npy_layout(text, path);
    if (vocabulary > 0 && vocabulary != layout.vocabulary)
      throw UserError(path + ": rows of " + std::to_string(vocabulary) + " float32 expected, rows of " +
                      std::to_string(layout.vocabulary) + " found");
    return layout;
  }
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    throw UserError(path + ": float32 numbers expected, " + std::to_string(bytes.size()) + " bytes found");
  const std::size_t numbers = bytes.size() / sizeof(float);
  if (vocabulary == 0) return {0, numbers, 0};
  if (numbers % vocabulary != 0)
    throw UserError("--vocab: " + std::to_string(numbers) + " logits in " + path +
                    " are no whole number of rows of " + std::to_string(vocabulary));
  return {0, numbers / vocabulary, vocabulary};
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
