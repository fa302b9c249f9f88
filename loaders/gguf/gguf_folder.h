// What stands beside the weights in a Hugging Face folder, made from a GGUF file's metadata.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "loaders/gguf/gguf_model.h"

namespace kelvin {

// The name of a GGUF file without tensors that stands for a folder's tokenizer.
inline constexpr const char* gguf_tokenizer_name = "tokenizer.gguf";

// Names and contents: config.json, generation_config.json where the file says something of it, and the
// tokenizer. Throws LoadError.
std::vector<std::pair<std::string, std::string>> gguf_folder_files(const GgufModel& model);

}  // namespace kelvin
