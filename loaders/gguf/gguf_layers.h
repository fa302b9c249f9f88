// Keys of GGUF's metadata that say which layers differ: windows, experts.
#pragma once

#include <string_view>

#include "loaders/gguf/gguf_keys.h"
#include "loaders/json/json_writer.h"

namespace kelvin::gguf {

// Whether the file says a number of either, in any layer, that is not 0. To tell models apart: neither counts
// as read.
bool has_experts(const GgufKeys& keys);
bool has_window(const GgufKeys& keys);

// attention.sliding_window, 0 where there is none. Zero in the file stands for none, too.
std::int64_t window_of(const GgufKeys& keys);

// sliding_window (null for none), the same for all layers.
void write_window(const GgufKeys& keys, JsonWriter& config);

// sliding_window and layer_types. Where the file has no pattern, each `period`-th layer has no window; 0: all
// have it. Whether there is one at all.
bool write_windows(const GgufKeys& keys, JsonWriter& config, std::int64_t period);

// Counts of experts, under `count_key` and num_experts_per_tok.
void write_experts(const GgufKeys& keys, JsonWriter& config, std::string_view count_key);

// mlp_only_layers: those with an MLP of their own among those with experts. GGUF says so by their tensors.
void write_dense_layers(const GgufKeys& keys, JsonWriter& config);

}  // namespace kelvin::gguf
