// A token and the key it is ranked by, as one integer: in its order keys descend, and equal keys (both zeros
// are one) have ascending ids.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kelvin {

class Candidate {
 public:
  Candidate() = default;
  // key: anything but NaN; id >= 0.
  Candidate(float key, int id) : Candidate(rank_bits(key), id) {}

  float key() const { return std::bit_cast<float>(turned(static_cast<std::uint32_t>(place_ >> 32))); }
  int id() const { return static_cast<int>(place_ & 0xffffffffu); }
  auto operator<=>(const Candidate&) const = default;

  // Ascending where keys descend; a candidate can be made of them, too.
  static std::uint32_t rank_bits(float key) { return turned(std::bit_cast<std::uint32_t>(key + 0.0f)); }
  static Candidate of_rank_bits(std::uint32_t bits, int id) { return {bits, id}; }
  // The bits of the key that integers are sorted by, `shift` of them passed over.
  std::uint32_t digit(int shift, std::uint32_t mask) const {
    return static_cast<std::uint32_t>(place_ >> (32 + shift)) & mask;
  }

 private:
  Candidate(std::uint32_t bits, int id)
      : place_(static_cast<std::uint64_t>(bits) << 32 | static_cast<std::uint32_t>(id)) {}
  // Back and forth: all bits but the sign are exchanged where it is 0.
  static std::uint32_t turned(std::uint32_t bits) { return bits >> 31 ? bits : ~bits & 0x7fffffffu; }

  std::uint64_t place_ = 0;
};

// Sorts the first `n` of `candidates`, which have ascending ids; `spare` is as long.
void sort(std::vector<Candidate>& candidates, std::vector<Candidate>& spare, std::size_t n);

}  // namespace kelvin
