// Blocks of any quantised format of GGUF from a rule that tests/peer/gguf_random_blocks.py follows, too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "loaders/tensors/dequantize.h"
#include "sampling/noise.h"
#include "tests/support.h"

namespace kelvin::test {

struct RandomBlocksGolden {
  std::uint64_t type = 0;   // GGUF's number
  std::uint64_t few = 0;    // sum over the first 300 blocks
  std::uint64_t whole = 0;  // over the first 100000
};
constexpr std::size_t few_blocks = 300, whole_blocks = 100000;

// tests/data/gguf/random_blocks.txt: what the gguf package reads in those blocks.
inline RandomBlocksGolden random_blocks_golden(Dtype dtype) {
  std::ifstream file(data_dir() / "gguf" / "random_blocks.txt");
  std::string name, type, few, whole;
  while (file >> name >> type >> few >> whole)
    if (name == dtype_name(dtype))
      return {std::stoull(type), std::stoull(few, nullptr, 16), std::stoull(whole, nullptr, 16)};
  throw std::runtime_error("no random blocks of " + std::string(dtype_name(dtype)));
}

// Block `index`: bytes of mixed counters. In every fourth block each pair of bytes is a float16 that is met seldom.
inline std::vector<std::byte> random_block(Dtype dtype, std::uint64_t type, std::size_t index) {
  constexpr std::uint16_t seldom[] = {0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x7bff,
                                      0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfe00, 0xc000, 0x3c01, 0x1234};
  std::vector<std::byte> block(dtype_info(dtype).bits / 8);
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::uint64_t word = sampling::mix_bits(((type << 32 | index) << 8 | i / 8) + 1);
    const std::uint64_t pair = word >> (i % 8 / 2 * 16) & 0xffff;
    const std::uint64_t bytes = index % 4 == 3 ? seldom[pair % 16] : pair;
    block[i] = static_cast<std::byte>(bytes >> (i % 2 * 8) & 255);
  }
  return block;
}

// Depends on every bit of every number and on its place; every NaN counts as one and the same.
class NumberSum {
 public:
  void add(float number) {
    const std::uint32_t bits = number == number ? std::bit_cast<std::uint32_t>(number) : 0x7fc00000u;
    sum_ += (std::uint64_t{bits} + 1) * (2 * count_++ + 1);
  }
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 0, count_ = 0;
};

// Over what dequantize() reads in the first `blocks`.
inline std::uint64_t random_blocks_sum(Dtype dtype, std::size_t blocks) {
  const std::uint64_t type = random_blocks_golden(dtype).type;
  std::vector<float> numbers(dtype_info(dtype).elements);
  NumberSum sum;
  for (std::size_t index = 0; index < blocks; ++index) {
    dequantize(dtype, random_block(dtype, type, index).data(), numbers.size(), numbers.data());
    for (const float number : numbers) sum.add(number);
  }
  return sum.value();
}

inline std::vector<DtypeInfo> quantized_dtypes() {
  std::vector<DtypeInfo> infos;
  for (auto i = static_cast<int>(Dtype::q4_0); i <= static_cast<int>(Dtype::iq3_s); ++i)
    infos.push_back(dtype_info(static_cast<Dtype>(i)));
  return infos;
}

}  // namespace kelvin::test
