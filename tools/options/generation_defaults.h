// What a model's makers recommend, as settings of ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loaders/model/generation_config.h"
#include "sampling/settings.h"
#include "tools/options/flags.h"

namespace kelvin {

void apply_generation_config(SamplerSettings& settings, const GenerationConfig& config);

// "note: ..." with the keys of generation_config.json that nothing here does, and why; or "".
std::string ignored_note(const GenerationConfig& config);

// What people expect of answers where nobody chose a truncation: min-p 0.05 (README of tools/ compares a few).
void truncate_by_default(SamplerSettings& settings);

// Takes a text before which an answer ends; throws UsageError for an empty one.
Setter adds_stop_text(std::vector<std::string>& texts);

// The most tokens to draw, and who says so.
struct MaxTokens {
  int count;  // 0: as many as the context holds
  std::string origin;
};
// max_length, which counts the prompt, is heeded where `prompt_tokens` is given.
MaxTokens max_tokens(std::optional<int> flag, const GenerationConfig& config, int default_value,
                     std::optional<std::size_t> prompt_tokens = std::nullopt);

}  // namespace kelvin
