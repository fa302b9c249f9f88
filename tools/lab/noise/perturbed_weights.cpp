#include "tools/lab/noise/perturbed_weights.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "sampling/noise.h"

namespace kelvin {
namespace {

float moved(float value, std::uint32_t unit, bool up) {
  if (value == 0) return value;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>(up ? bits + unit : bits - unit);
}

}  // namespace

void perturb_weights(Weights& weights, LastBit unit, std::uint64_t seed) {
  const std::uint32_t step = unit == LastBit::f32 ? 1u : 1u << 16;
  std::uint64_t key = sampling::mix_bits(seed);
  const auto perturb = [&](Matrix& matrix) {
    if (matrix.storage != Storage::f32)
      throw std::invalid_argument("matrices have to be float32 to be perturbed");
    const std::size_t count = static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.cols);
    AlignedBuffer buffer(count * sizeof(float));
    const auto* from = static_cast<const float*>(matrix.data);
    key = sampling::mix_bits(key + 1);
    for (std::size_t i = 0; i < count; ++i) {
      // 64 coins from one hash.
      const std::uint64_t coins = sampling::mix_bits(key + i / 64);
      buffer.floats()[i] = moved(from[i], step, (coins >> (i % 64) & 1) != 0);
    }
    matrix.data = buffer.data();
    weights.buffers.push_back(std::move(buffer));
  };
  const bool tied = weights.lm_head.data == weights.embedding.data;
  perturb(weights.embedding);
  for (LayerWeights& layer : weights.layers)
    for (Linear* linear : linears_of(layer)) perturb(linear->weight);
  if (tied)
    weights.lm_head = weights.embedding;
  else
    perturb(weights.lm_head);
}

bool are_bf16(const Weights& weights) {
  const auto holds = [](const Matrix& matrix) {
    const std::size_t count = static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.cols);
    const auto* elements = static_cast<const float*>(matrix.data);
    return std::all_of(elements, elements + count,
                       [](float value) { return (std::bit_cast<std::uint32_t>(value) & 0xffffu) == 0; });
  };
  const auto layer_holds = [&](const LayerWeights& layer) {
    const auto linears = linears_of(layer);
    return std::all_of(linears.begin(), linears.end(),
                       [&](const Linear* linear) { return holds(linear->weight); });
  };
  return holds(weights.embedding) && holds(weights.lm_head) &&
         std::all_of(weights.layers.begin(), weights.layers.end(), layer_holds);
}

}  // namespace kelvin
