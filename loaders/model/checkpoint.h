// The tensors of a model's files as the engine's Weights.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/weights/weight_kind.h"

namespace kelvin {

struct ModelConfig;
class TensorFiles;
struct Weights;

struct LoadOptions {
  // How matrices are stored; where absent, quantised ones as they are, in a layout of ours that holds their numbers
  // exactly (loaders/tensors/repack.h, scaled_layout.h) or, where none does, f32; matrices an adapter changes as f32,
  // others as bf16 if all of them are BF16, else f32. All of these hold the stored
  // numbers exactly, except that all but BF16 round to nearest even where bf16 is asked for. The others are
  // quantised while loading. Absent for a folder that is packed, or what it is packed as.
  std::optional<WeightKind> storage;
  std::optional<std::filesystem::path>
      lora;                   // folder of an adapter to merge (lora.h), before anything is packed
  int threads = 0;            // for converting; 0: one per available processor
  bool ignore_extra = false;  // pass over tensors the architecture does not have
  // Bytes of the files converted so far, of those to convert; never called where everything is used as it
  // lies.
  std::function<void(std::size_t done, std::size_t total)> progress;
};

// The tensors as they lie where the stored type is the wanted one, converted otherwise; norms and biases
// always as float32. Throws LoadError if a tensor is missing, too many, of another shape than the config
// says, not of a weight dtype, or packed otherwise than asked for; OutOfMemory before it is taken.
Weights load_weights(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options = {});

// The same for a Hugging Face folder, which it maps.
Weights load_weights(const std::filesystem::path& folder, const ModelConfig& config,
                     const LoadOptions& options = {});

}  // namespace kelvin
