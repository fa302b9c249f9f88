// The families of models: one row each. A new one is a row here and a golden model under its name.
#pragma once

#include <span>
#include <string_view>

#include "engine/weights/config.h"
#include "loaders/json/json.h"
#include "loaders/model/tensor_names.h"

namespace kelvin {

// What holds where a config says nothing, and what keys are called.
struct ConfigDefaults {
  std::string_view activation_key = "hidden_act", activation = "silu";
  std::string_view epsilon_key = "rms_norm_eps";
  double epsilon = 1e-6;
  bool tied = false;
  int head_dim = 0;  // 0: hidden_size / num_attention_heads
  int max_position = 2048;
  // Multimodal folders leave these out of their text part; 0: the config must say them.
  int vocab_size = 0, n_heads = 0, n_kv_heads = 0;
};

struct Family {
  std::string_view architecture;  // in `architectures`
  std::string_view model_type;    // stands in where `architectures` is absent, and in text_config
  // Reads what its config.json has beside the sizes and heads, which are read before.
  void (*read)(JsonValue config, ModelConfig& into);
  ConfigDefaults defaults = {};
  TensorNames names = {};
};

std::span<const Family> families();

// Text parts of multimodal models that have a model_type and defaults of their own, and otherwise are one of these.
std::span<const Family> text_families();

// The one with this architecture, nullptr if there is none.
const Family* family_named(std::string_view architecture);

}  // namespace kelvin
