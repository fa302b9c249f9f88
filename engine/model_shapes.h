// Agreement of configuration and weights, checked once so that the forward pass need not.
#pragma once

#include "engine/config.h"
#include "engine/weights.h"

namespace kelvin {

// Throws std::invalid_argument naming the matrix, what was expected and what was found.
void check_shapes(const ModelConfig& config, const Weights& weights);

}  // namespace kelvin
