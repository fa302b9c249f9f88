// Reproducible test data: the same numbers on every machine and compiler.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/weights/half.h"

namespace kelvin::test {

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : state_(seed * 2 + 1) {}

  std::uint32_t bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 32) ^ static_cast<std::uint32_t>(state_ >> 11);
  }
  int below(int n) { return static_cast<int>(bits() % static_cast<std::uint32_t>(n)); }
  // In (-1, 1), 24 significant bits.
  float value() { return static_cast<float>(static_cast<int>(bits() >> 7) - (1 << 24)) * 0x1p-24f; }
  std::vector<float> values(std::size_t n, float scale = 1.0f) {
    std::vector<float> v(n);
    for (float& x : v) x = value() * scale;
    return v;
  }
  std::vector<std::uint16_t> bf16_values(std::size_t n, float scale = 1.0f) {
    std::vector<std::uint16_t> v(n);
    for (std::uint16_t& x : v) x = engine::f32_to_bf16(value() * scale);
    return v;
  }

 private:
  std::uint64_t state_;
};

}  // namespace kelvin::test
