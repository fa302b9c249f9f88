// The settings in a GGUF file's metadata, said in the words of config.json and generation_config.json, so
// that each architecture's meaning and checks stand in one place (hf_config).
#pragma once

#include <optional>

#include "loaders/gguf/gguf_family.h"
#include "loaders/json/json.h"

namespace kelvin {

// Throws LoadError that names the key.
JsonDocument gguf_config(const GgufKeys& keys, const GgufFamily& family);

// general.sampling.*, if there is any.
std::optional<JsonDocument> gguf_generation_config(const GgufFile& file);

}  // namespace kelvin
