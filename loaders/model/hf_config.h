// config.json of a Hugging Face model folder, in the spelling of transformers 4 (rope_theta, rope_scaling,
// torch_dtype) or 5 (rope_parameters, dtype). Keys that are absent or null take the defaults of the
// transformers class, except the sizes: a folder that does not say them is refused.
#pragma once

#include "engine/weights/config.h"
#include "loaders/json/json.h"

namespace kelvin {

// Of a multimodal model, the decoder of its text part. Throws LoadError that names the key: a missing or
// absurd size, heads that do not divide, an unknown architecture, activation or RoPE kind, quantised weights,
// an encoder-decoder.
ModelConfig model_config(const JsonDocument& config);

}  // namespace kelvin
