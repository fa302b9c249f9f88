// The RoPE part of config.json: `rope_parameters`, or `rope_theta` and `rope_scaling`.
#pragma once

#include <optional>
#include <string_view>

#include "engine/weights/config.h"
#include "loaders/json/json.h"

namespace kelvin {

// What a family takes where its config says nothing, and what it understands.
struct RopeDefaults {
  double theta = 10000.0;
  std::string_view theta_key = "rope_theta";      // empty: only within the parameters
  std::optional<double> rotated_part = {};        // of a head; absent: config may not say one
  std::optional<int> original_max_position = {};  // absent: that of max_position_embeddings
  // The kind of layers these are for, where a family has a set of parameters for each.
  std::string_view layer_type = {};
  bool scaled = true;             // whether `rope_scaling` is about them
  bool yarn_is_longrope = false;  // early Phi-3 configs
  bool mrope = false;             // that kind is known, and plain RoPE on text
};

// `config` is the root object; `width` are the dimensions that can rotate, max_position that of the model.
// Where both spellings stand, rope_scaling wins, as in transformers.
RopeSpec rope_spec(JsonValue config, int width, int max_position, const RopeDefaults& defaults = {});

}  // namespace kelvin
