#include "tools/options/generation_defaults.h"

#include <algorithm>

#include "sampling/chain_text.h"

namespace kelvin {
namespace {

std::string joined(const std::vector<int>& ids, const char* between) {
  std::string text;
  for (const int id : ids) text.append(text.empty() ? "" : between).append(std::to_string(id));
  return text;
}

// Constraints, which hold for greedy decoding, too.
void apply_constraints(SamplerSettings& settings, const GenerationConfig& config) {
  const auto set = [&](const char* stage, const std::string& value) {
    settings.set(stage, value, Source::generation_config, "generation_config.json");
  };
  if (!config.suppress_tokens.empty()) set("ban", "'id:" + joined(config.suppress_tokens, ",") + "'");
  if (!config.begin_suppress_tokens.empty())
    set("ban", "'id:" + joined(config.begin_suppress_tokens, ",") + "':first=1");
  for (const auto& [ids, bias] : config.sequence_bias)
    set("sequence-bias", number_text(bias) + ":ids='" + joined(ids, " ") + "'");
  if (const auto& decay = config.exponential_decay_length_penalty)
    set("end-decay", std::to_string(decay->first) + ":factor=" + number_text(decay->second));
}

}  // namespace

void apply_generation_config(SamplerSettings& settings, const GenerationConfig& config) {
  const auto set = [&](const char* key, const auto& value) {
    if (value) settings.set_from_generation_config(key, static_cast<double>(*value));
  };
  set("top_k", config.top_k);
  set("top_p", config.top_p);
  set("min_p", config.min_p);
  set("encoder_repetition_penalty", config.encoder_repetition_penalty);
  set("encoder_no_repeat_ngram_size", config.encoder_no_repeat_ngram_size);
  set("repetition_penalty", config.repetition_penalty);
  set("epsilon_cutoff", config.epsilon_cutoff);
  set("eta_cutoff", config.eta_cutoff);
  set("top_h", config.top_h);
  set("no_repeat_ngram_size", config.no_repeat_ngram_size);
  set("min_new_tokens", config.min_new_tokens);
  // The only truncation that may drop the likeliest token; transformers truncates only where it samples.
  if (config.do_sample != false) set("typical_p", config.typical_p);
  apply_constraints(settings, config);
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

std::string ignored_note(const GenerationConfig& config) {
  std::string keys;
  for (const auto& [key, reason] : config.ignored)
    keys += (keys.empty() ? "" : ", ") + key + " (" + reason + ")";
  return keys.empty() ? "" : "note: generation_config.json: ignored: " + keys + "\n";
}

MaxTokens max_tokens(std::optional<int> flag, const GenerationConfig& config, int default_value,
                     std::optional<std::size_t> prompt_tokens) {
  if (flag) return {*flag, "--n"};
  if (config.max_new_tokens) return {*config.max_new_tokens, "generation_config.json"};
  if (config.max_length && prompt_tokens) {
    const auto given = static_cast<int>(std::min<std::size_t>(*prompt_tokens, 1 << 30));
    return {std::max(*config.max_length - given, 1), "generation_config.json: max_length"};
  }
  return {default_value, "default"};
}

}  // namespace kelvin
