#include "tools/options/generation_defaults.h"

namespace kelvin {

void apply_generation_config(SamplerSettings& settings, const GenerationConfig& config) {
  const auto set = [&](const char* key, const auto& value) {
    if (value) settings.set_from_generation_config(key, static_cast<double>(*value));
  };
  set("top_k", config.top_k);
  set("top_p", config.top_p);
  set("min_p", config.min_p);
  set("repetition_penalty", config.repetition_penalty);
  // Where the makers recommend greedy decoding, their temperature is not in use.
  if (config.do_sample == false)
    settings.set("temp", "0", Source::generation_config, "generation_config.json: do_sample false");
  else
    set("temperature", config.temperature);
}

void truncate_by_default(SamplerSettings& settings) { settings.set_default_truncation("min-p", "0.05"); }

Setter adds_stop_text(std::vector<std::string>& texts) {
  return [&texts](const std::string& value) {
    if (value.empty()) throw UsageError("a text expected");
    texts.push_back(value);
  };
}

MaxTokens max_tokens(std::optional<int> flag, const GenerationConfig& config, int default_value) {
  if (flag) return {*flag, "--n"};
  if (config.max_new_tokens) return {*config.max_new_tokens, "generation_config.json"};
  return {default_value, "default"};
}

}  // namespace kelvin
