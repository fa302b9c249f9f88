// LoRA adapters: what peft keeps beside a model, merged into it while it is loaded.
#pragma once

#include <filesystem>

#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// `files` with the adapter in `folder` (adapter_config.json, adapter_model.safetensors): every matrix it is for becomes
// W + scale * (B A), computed in float32 with sums in order of the rank, and tensors it holds whole (modules_to_save,
// biases) take the place of the model's. Throws LoadError where a setting is not obeyed (lora_config.h), where a part
// is missing or of another shape, and where the model has no such matrix.
TensorFiles with_lora(const TensorFiles& files, const std::filesystem::path& folder);

// True for a folder that holds an adapter and no model.
bool is_only_adapter(const std::filesystem::path& folder);

}  // namespace kelvin
