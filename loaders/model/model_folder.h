// A Hugging Face model folder or a GGUF file, without its tokenizer.
#pragma once

#include <filesystem>

#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "loaders/model/checkpoint.h"
#include "loaders/model/generation_config.h"

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

// config.json and, where there is one, generation_config.json; or the metadata of `folder`, a GGUF file or a
// folder that holds one. Throws LoadError, also if there is no such model.
ModelSettings load_settings(const std::filesystem::path& folder);

// The settings and the weights.
LoadedModel load_model(const std::filesystem::path& folder, const LoadOptions& options = {});

}  // namespace kelvin
