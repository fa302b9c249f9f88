// The prompts of a request that has no messages.
#pragma once

#include <span>
#include <vector>

#include "loaders/json/json.h"
#include "loaders/json/json_fields.h"
#include "sampling/statistics/token_view.h"
#include "tools/batch/batch_request.h"

namespace kelvin {

// Ids that the model takes and tells.
IntRange token_range(const OpenModel& model);

// A text, a list of texts, a list of ids or a list of such lists. Throws LoadError.
std::vector<BatchPrompt> batch_prompts(const OpenModel& model, JsonValue prompt);
bool given_as_text(JsonValue prompt);

// What the model thought of each token of a prompt, given those before it.
struct PromptTokens {
  std::vector<double> log_probabilities;             // (tokens,), the first NaN: there is nothing before it
  std::vector<std::vector<TokenRank>> alternatives;  // likeliest first; empty without any
};
PromptTokens judge_prompt(OpenModel& model, std::span<const int> ids, int alternatives);

}  // namespace kelvin
