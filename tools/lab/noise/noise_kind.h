// The versions of a model that differ from it only in numerical detail.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/weights/weights.h"
#include "tools/lab/noise/perturbed_weights.h"

namespace kelvin {

// A way to store the weights, or float32 with noise in the last bit of something, in several draws.
struct NoiseKind {
  std::string name;
  Storage storage = Storage::f32;
  std::optional<LastBit> noise;
  int draws = 1;
};

// "bf16", "q8", "q4", "ulp-f32" or "ulp-bf16", the last two with so many draws. Throws UsageError for other names.
NoiseKind noise_kind(const std::string& name, int draws);

// Those that are compared where nobody names any; each changes something. reference: "bf16" or "f32".
std::vector<NoiseKind> usual_noise_kinds(const std::string& reference, int draws);

// Throws UsageError for a version that is the reference itself, which has nothing to say.
void refuse_reference(std::span<const NoiseKind> kinds, const std::string& reference);

}  // namespace kelvin
