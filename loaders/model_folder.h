// A Hugging Face model folder, without its tokenizer.
#pragma once

#include <filesystem>

#include "engine/config.h"
#include "engine/weights.h"
#include "loaders/checkpoint.h"
#include "loaders/generation_config.h"

namespace kelvin {

struct ModelSettings {
  ModelConfig config;
  GenerationConfig generation;
};

struct LoadedModel {
  ModelConfig config;
  GenerationConfig generation;
  Weights weights;
};

// config.json and, where there is one, generation_config.json. Throws LoadError, also if `folder` is no
// folder.
ModelSettings load_settings(const std::filesystem::path& folder);

// The settings and the weights.
LoadedModel load_model(const std::filesystem::path& folder, const LoadOptions& options = {});

}  // namespace kelvin
