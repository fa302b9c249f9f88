#include "loaders/model/hf_layers.h"

#include <algorithm>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"

namespace kelvin {

int window_size(JsonValue config, int default_value) {
  const auto said = config.find("sliding_window");
  if (!said) return default_value;
  return said->is_null() ? 0 : int_in(*said, positive_int);
}

std::vector<bool> sliding_layers(JsonValue config, int n_layers,
                                 const std::function<bool(int layer)>& slides) {
  std::vector<bool> sliding;
  const auto types = optional_member(config, "layer_types");
  if (!types) {
    for (int i = 0; i < n_layers; ++i) sliding.push_back(slides(i));
    return sliding;
  }
  if (types->items().size() != static_cast<std::size_t>(n_layers))
    types->fail(std::to_string(n_layers) + " kinds expected (num_hidden_layers), " +
                std::to_string(types->size()) + " found");
  for (const JsonValue type : types->items()) {
    const std::string_view text = type.as_string();
    if (text != "full_attention" && text != "sliding_attention")
      type.fail("full_attention or sliding_attention expected, " + in_quotes(text) + " found");
    sliding.push_back(text == "sliding_attention");
  }
  return sliding;
}

void set_windows(const std::vector<bool>& sliding, int window, ModelConfig& into) {
  for (std::size_t i = 0; i < sliding.size(); ++i) into.layers[i].window = sliding[i] ? window : 0;
}

void set_expert_layers(JsonValue config, ModelConfig& into) {
  const int step = optional_int(config, "decoder_sparse_step", positive_int).value_or(1);
  for (int i = 0; i < into.n_layers; ++i) into.layers[i].experts = (i + 1) % step == 0;
  if (const auto plain = optional_member(config, "mlp_only_layers"))
    for (const JsonValue layer : plain->items())
      into.layers[int_in(layer, {0, into.n_layers - 1})].experts = false;
}

void read_experts(JsonValue config, std::string_view count_key, std::string_view size_key,
                  ModelConfig& into) {
  ExpertSpec& experts = into.experts;
  experts.count = required_int(config, count_key, positive_int);
  experts.per_token = required_int(config, "num_experts_per_tok", {1, experts.count});
  experts.intermediate_size = required_int(config, size_key, positive_int);
}

}  // namespace kelvin
