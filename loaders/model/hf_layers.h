// Keys of config.json that say which layers differ: windows, layers without rotation, experts.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "engine/weights/config.h"
#include "loaders/json/json.h"

namespace kelvin {

// sliding_window, or `standard` where the key is absent; 0 where it is null.
int window_size(JsonValue config, int default_value);

// Which layers have a window: as `layer_types` says, where it does; else those `slides` is true for.
std::vector<bool> sliding_layers(JsonValue config, int n_layers,
                                 const std::function<bool(int layer)>& slides);

// The window on those layers.
void set_windows(const std::vector<bool>& sliding, int window, ModelConfig& into);

// Every decoder_sparse_step-th layer has experts, but those `mlp_only_layers` lists.
void set_expert_layers(JsonValue config, ModelConfig& into);

// How many experts there are, how many a token passes, and how wide one is.
void read_experts(JsonValue config, std::string_view count_key, std::string_view size_key, ModelConfig& into);

}  // namespace kelvin
