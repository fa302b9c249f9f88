// Protocol Buffers for tests: fields as bytes, to be joined.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace kelvin::test {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7F; value >>= 7) bytes += static_cast<char>(static_cast<unsigned char>(value | 0x80));
  return bytes + static_cast<char>(value);
}

inline std::string varint_field(unsigned number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

inline std::string bytes_field(unsigned number, const std::string& content) {
  return varint(number << 3 | 2) + varint(content.size()) + content;
}

inline std::string float_field(unsigned number, float value) {
  std::string bytes = varint(number << 3 | 5);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
  return bytes;
}

}  // namespace kelvin::test
