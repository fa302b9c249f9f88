// A Hugging Face model folder or a GGUF file, without its tokenizer.
#pragma once

#include <filesystem>
#include <string>

#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "loaders/model/checkpoint.h"
#include "loaders/model/generation_config.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

struct ModelSettings {
  ModelConfig config;
  GenerationConfig generation;
};

struct LoadedModel {
  ModelConfig config;
  GenerationConfig generation;
  Weights weights;
  // How the files quantise their matrices: "AWQ, 4 bits, groups of 128", "GGUF in Q4_K"; empty where they do not.
  std::string stored;
};

// config.json and, where there is one, generation_config.json; or the metadata of `folder`, a GGUF file or a
// folder that holds one. Throws LoadError, also if there is no such model.
ModelSettings load_settings(const std::filesystem::path& folder);

// The tensors of the model, with codes of quantised matrices behind their values and an adapter merged.
struct ModelTensors {
  TensorFiles files;
  std::string stored;  // as in LoadedModel
};
ModelTensors model_tensors(const std::filesystem::path& folder, const LoadOptions& options);

// The settings and the weights.
LoadedModel load_model(const std::filesystem::path& folder, const LoadOptions& options = {});

}  // namespace kelvin
