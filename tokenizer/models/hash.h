// A 64-bit hash of short byte strings: multiply and fold, eight bytes at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kelvin::tokenizer {

inline std::uint64_t mix_bits(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93u;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93u;
  return x ^ (x >> 32);
}

inline std::uint64_t hash_bytes(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = 0x9E3779B97F4A7C15u ^ left;
  const auto word = [](const char* from, std::size_t count) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, from, count);
    return bits;
  };
  for (; left > 8; at += 8, left -= 8) {
    hash = (hash ^ word(at, 8)) * 0xA0761D6478BD642Fu;
    hash ^= hash >> 29;
  }
  if (left > 0) {
    // A copy of known length is one load; short words are the rule.
    std::uint64_t tail = 0;
    if (left == 8)
      tail = word(at, 8);
    else if (left >= 4)
      tail = word(at, 4) | word(at + left - 4, 4) << 32;
    else
      tail = static_cast<unsigned char>(at[0]) |
             static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 |
             static_cast<std::uint64_t>(static_cast<unsigned char>(at[left - 1])) << 16;
    hash ^= tail;
  }
  return mix_bits(hash);
}

}  // namespace kelvin::tokenizer
