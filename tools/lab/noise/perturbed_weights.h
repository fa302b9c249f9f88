// Weights with noise in their last bit: what no computation should depend on.
#pragma once

#include <cstdint>

#include "engine/weights/weights.h"

namespace kelvin {

enum class LastBit {
  f32,   // one unit in the last place of a float32: 2^-23 relative
  bf16,  // of a bfloat16: 2^-7 relative, a rounding more than bf16 files went through
};

// Moves every element of every matrix by one unit, up or down by a coin that depends on `seed` and the
// element alone; zeros stay. All matrices must be f32; they are copied, mapped files stay as they are. Norms
// and biases are left alone.
void perturb_weights(Weights& weights, LastBit unit, std::uint64_t seed);

// Whether every element of every matrix is a bfloat16, so that storing them so changes nothing. All matrices must be f32.
bool are_bf16(const Weights& weights);

}  // namespace kelvin
