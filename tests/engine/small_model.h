// A model with random weights and odd sizes, made in the test itself.
#pragma once

#include <memory>

#include "engine/forward/model.h"
#include "engine/weights/config.h"
#include "engine/weights/storage.h"
#include "engine/weights/weights.h"

namespace kelvin::test {

// Two layers, four heads on two key and value heads of 6 dimensions, vocabulary 37.
ModelConfig small_config();
Weights small_weights(const ModelConfig& config, Storage storage, bool biases);

inline std::unique_ptr<Model> small_model(const ModelConfig& config = small_config(),
                                          ModelOptions options = {}, Storage storage = Storage::bf16,
                                          bool biases = true) {
  return std::make_unique<Model>(config, small_weights(config, storage, biases), options);
}

}  // namespace kelvin::test
