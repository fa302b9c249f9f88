// What names.sh must find: the same signature as in hash.h, and another body.
#pragma once

#include <cstdint>

namespace kelvin {

constexpr std::uint64_t mix_bits(std::uint64_t bits) {
  bits ^= bits >> 31;
  return bits * 5;
}

inline std::uint64_t mix_bits(std::uint64_t bits, std::uint64_t seed) { return bits ^ seed; }

}  // namespace kelvin
