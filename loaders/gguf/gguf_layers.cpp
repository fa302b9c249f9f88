#include "loaders/gguf/gguf_layers.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace kelvin::gguf {
namespace {

constexpr std::int64_t max_layers = 1 << 16;

// Whether each layer has a window.
std::vector<bool> pattern_of(const GgufKeys& keys, std::int64_t period) {
  const auto n_layers = static_cast<std::size_t>(keys.at("block_count").int_in(1, max_layers));
  const auto pattern = keys.find("attention.sliding_window_pattern");
  if (pattern && pattern->is_array()) {
    std::vector<bool> sliding;
    for (const std::int64_t layer : pattern->ints()) sliding.push_back(layer != 0);
    if (sliding.size() != n_layers)
      pattern->fail(std::to_string(n_layers) + " layers expected (block_count), " +
                    std::to_string(sliding.size()) + " found");
    return sliding;
  }
  if (pattern) period = pattern->int_in(0, max_layers);
  std::vector<bool> sliding;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(n_layers); ++i)
    sliding.push_back(period == 0 || (i + 1) % period != 0);
  return sliding;
}

bool says_a_number(const GgufKeys& keys, std::string_view key) {
  const auto value = keys.look(key);
  const std::vector<double> layers = value ? value->plain_numbers() : std::vector<double>();
  return std::any_of(layers.begin(), layers.end(), [](double number) { return number != 0; });
}

}  // namespace

bool has_experts(const GgufKeys& keys) { return says_a_number(keys, "expert_count"); }
bool has_window(const GgufKeys& keys) { return says_a_number(keys, "attention.sliding_window"); }

std::int64_t window_of(const GgufKeys& keys) {
  return keys.integer("attention.sliding_window", 0).value_or(0);
}

void write_window(const GgufKeys& keys, JsonWriter& config) {
  if (const std::int64_t window = window_of(keys))
    config.member("sliding_window", window);
  else
    config.member("sliding_window", nullptr);
}

bool write_windows(const GgufKeys& keys, JsonWriter& config, std::int64_t period) {
  write_window(keys, config);
  const bool windowed = window_of(keys) > 0;
  config.key("layer_types").begin_array();
  for (const bool sliding : pattern_of(keys, period))
    config.value(windowed && sliding ? "sliding_attention" : "full_attention");
  config.end_array();
  return windowed;
}

void write_experts(const GgufKeys& keys, JsonWriter& config, std::string_view count_key) {
  config.member(count_key, keys.at("expert_count").int_in(1, 1 << 16));
  config.member("num_experts_per_tok", keys.at("expert_used_count").int_in(1, 1 << 16));
}

void write_dense_layers(const GgufKeys& keys, JsonWriter& config) {
  constexpr std::string_view begin = "blk.", end = ".ffn_gate.weight";
  std::vector<int> layers;
  for (const std::string_view name : keys.tensor_names()) {
    if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size())
      continue;
    const std::string_view digits = name.substr(begin.size(), name.size() - begin.size() - end.size());
    int layer = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), layer);
    if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) layers.push_back(layer);
  }
  config.member("mlp_only_layers", layers);
}

}  // namespace kelvin::gguf
