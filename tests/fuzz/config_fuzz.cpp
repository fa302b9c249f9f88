// Any bytes as config.json and generation_config.json: a LoadError, or sizes the engine can rely on.
#include <cstdlib>

#include "engine/forward/rope_set.h"
#include "loaders/files/load_error.h"
#include "loaders/model/generation_config.h"
#include "loaders/model/hf_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto document = kelvin::parse_json(std::as_bytes(std::span(data, size)), "fuzz");
    kelvin::generation_config(document, document);
    const kelvin::ModelConfig config = kelvin::model_config(document);
    const bool sound = config.vocab_size > 0 && config.hidden_size > 0 && config.n_layers > 0 &&
                       config.n_kv_heads > 0 && config.n_heads % config.n_kv_heads == 0 &&
                       config.head_dim > 0 && config.head_dim % 2 == 0 && config.intermediate_size > 0 &&
                       config.max_position > 0 && config.norm_epsilon >= 0 && config.value_dim > 0 &&
                       config.value_dim <= config.head_dim &&
                       config.layers.size() == static_cast<std::size_t>(config.n_layers);
    if (!sound) std::abort();
    const kelvin::engine::RopeSet ropes(config.ropes);
    for (const kelvin::LayerSpec& layer : config.layers)
      if (layer.rope >= static_cast<int>(config.ropes.size()) || layer.window < 0) std::abort();
  } catch (const kelvin::LoadError&) {
  }
  return 0;
}
