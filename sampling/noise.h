// The draw: argmax over i of z_i + g_i with Gumbel noise g_i, which is a sample of softmax(z) (Gumbel 1954;
// Maddison et al. 2014, arXiv 1411.0030). The noise is a pure function of (seed, stream, position, token id):
// independent of visiting order, batch, threads and resumption, and the same for every temperature and
// filter.
//
// Definition. mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014; constants of Stafford's variant
// 13):
//   mix(x): x ^= x >> 30; x *= 0xbf58476d1ce4e5b9; x ^= x >> 27; x *= 0x94d049bb133111eb; x ^= x >> 31
//   G = 0x9e3779b97f4a7c15, all arithmetic modulo 2^64
//   key = mix(mix(mix(seed + G) ^ (stream + G) * 0xd1342543de82ef95) ^ (position + G) * 0xaf251af3b0f025b5)
//   bits(token) = mix(key + (token + 1) * G)
//   u = (floor(bits / 2^12) + 1/2) / 2^52, strictly between 0 and 1
//   g = -log(-log u), between -3.6 and 36.8
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sampling/stage.h"

namespace kelvin {

namespace sampling {

constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace sampling

// The noise of one step. Streams below 2^32 belong to continuations (Step::stream); `purpose` separates draws
// within a step.
class Noise {
 public:
  Noise(std::uint64_t seed, std::uint64_t stream, std::uint64_t position)
      : key_(sampling::mix_bits(
            sampling::mix_bits(sampling::mix_bits(seed + golden) ^ (stream + golden) * 0xd1342543de82ef95u) ^
            (position + golden) * 0xaf251af3b0f025b5u)) {}

  std::uint64_t bits(int token) const {
    return sampling::mix_bits(key_ + (static_cast<std::uint64_t>(token) + 1) * golden);
  }
  double uniform(int token) const { return to_unit(bits(token)); }  // in (0, 1)
  double gumbel(int token) const;

  static double to_unit(std::uint64_t bits) {
    return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;  // exact: 53 bits
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15u;
  std::uint64_t key_;
};

// Noise of the draw at `step`.
Noise draw_noise(const Step& step);

// A coin of its own for a stage: `purpose` 1..65535, at most one stage each (1 is XTC's, 256 and above are
// free for users).
Noise stage_noise(const Step& step, std::uint64_t purpose);

// The token drawn from `logits`, shape (vocabulary,); equal sums give the lowest id. -1 if every token is
// impossible.
int draw(std::span<const float> logits, const Noise& noise);

}  // namespace kelvin
