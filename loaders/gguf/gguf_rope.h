// RoPE in a GGUF file's metadata and factor tensors, as config.json has it.
#pragma once

#include "loaders/gguf/gguf_keys.h"
#include "loaders/json/json_writer.h"

namespace kelvin {

// Writes rope_theta, partial_rotary_factor and rope_scaling. `latent` models are DeepSeek's. Throws LoadError
// that names key or tensor.
void write_gguf_rope(const GgufKeys& keys, std::int64_t head_dim, std::int64_t max_position, bool latent,
                     JsonWriter& config);

}  // namespace kelvin
