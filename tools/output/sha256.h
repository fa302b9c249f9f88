// SHA-256 (FIPS 180-4): fingerprints of logits that machines compare.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kelvin {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  // The float32 values as little-endian bytes, whatever the machine.
  void update(std::span<const float> values);
  // Of everything so far, 64 lower-case digits; more may follow.
  std::string hex() const;

 private:
  void compress(const std::byte* block);  // (64,)

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> pending_{};
  std::uint64_t length_ = 0;  // bytes
};

}  // namespace kelvin
