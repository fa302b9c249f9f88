#include "tools/output/npy_file.h"

namespace kelvin {

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
