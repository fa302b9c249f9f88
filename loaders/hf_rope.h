// The RoPE part of config.json: `rope_parameters`, or `rope_theta` and `rope_scaling`.
#pragma once

#include "engine/config.h"
#include "loaders/json.h"

namespace kelvin {

// `config` is the root object; head_dim and max_position are those of the model. Where both spellings stand,
// rope_scaling wins, as in transformers.
RopeSpec rope_spec(JsonValue config, int head_dim, int max_position);

}  // namespace kelvin
