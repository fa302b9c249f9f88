// Agreement of configuration and weights, checked once so that the forward pass need not.
#pragma once

#include "engine/weights/config.h"
#include "engine/weights/weights.h"

namespace kelvin {

// Throws std::invalid_argument naming the matrix, what was expected and what was found.
void check_shapes(const ModelConfig& config, const Weights& weights);

}  // namespace kelvin
