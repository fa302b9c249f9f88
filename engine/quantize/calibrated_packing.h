// Packing with error feedback: the model reads texts first, and what its matrices are multiplied with tells
// how their rounding errors are best made good.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/forward/model.h"
#include "engine/weights/aligned_buffer.h"

namespace kelvin {

struct WeightKind;

struct CalibrationOptions {
  float damping = 0.01f;  // as ErrorFeedback takes it
  // Most that second moments may take; the texts are read as often as that needs.
  std::uint64_t moment_bytes = UINT64_MAX;
  // Tokens read and, after each reading, weights packed. What they throw passes through.
  std::function<void(double done, double total)> reading, packing;
};

// For each of matrices_of(model.weights()) that matrix packed as `kind` says, or nothing where it stays as it
// is or is multiplied with nothing. `texts` have at least one token each, all below vocab_size; the model's
// weights are exact. Depends neither on the table nor on the number of threads. Throws std::bad_alloc.
std::vector<AlignedBuffer> pack_calibrated(Model& model, const WeightKind& kind,
                                           std::span<const std::vector<int>> texts,
                                           const CalibrationOptions& options = {});

}  // namespace kelvin
