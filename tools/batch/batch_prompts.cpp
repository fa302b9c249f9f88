#include "tools/batch/batch_prompts.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/weights/config.h"
#include "loaders/tokenizer/prompt.h"

namespace kelvin {
namespace {

BatchPrompt prompt_of_text(const OpenModel& model, JsonValue text) {
  BatchPrompt prompt;
  prompt.text = text.as_string();
  prompt.ids = encode_prompt(model.text, prompt.text);
  prompt.begun =
      prompt.ids.size() - std::min(prompt.ids.size(), model.tokenizer().encode(prompt.text, false).size());
  return prompt;
}

BatchPrompt prompt_of_ids(const OpenModel& model, JsonValue list) {
  BatchPrompt prompt;
  const IntRange range = token_range(model);
  for (const JsonValue id : list.items()) prompt.ids.push_back(int_in(id, range));
  prompt.text = model.tokenizer().decode(prompt.ids);
  return prompt;
}

}  // namespace

IntRange token_range(const OpenModel& model) { return {0, model.model->config().vocab_size - 1}; }

bool given_as_text(JsonValue prompt) {
  return prompt.is_string() ||
         (prompt.is_array() && prompt.size() > 0 && prompt.at(std::size_t{0}).is_string());
}

std::vector<BatchPrompt> batch_prompts(const OpenModel& model, JsonValue prompt) {
  if (prompt.is_string()) return {prompt_of_text(model, prompt)};
  if (!prompt.is_array() || prompt.size() == 0)
    prompt.fail("a text, a list of texts, a list of ids or a list of such lists expected");
  std::vector<BatchPrompt> prompts;
  const JsonValue first = prompt.at(std::size_t{0});
  if (first.is_number()) return {prompt_of_ids(model, prompt)};
  for (const JsonValue item : prompt.items())
    prompts.push_back(first.is_string() ? prompt_of_text(model, item) : prompt_of_ids(model, item));
  return prompts;
}

PromptTokens judge_prompt(OpenModel& model, std::span<const int> ids, int alternatives) {
  PromptTokens told;
  told.log_probabilities.push_back(std::numeric_limits<double>::quiet_NaN());
  if (alternatives > 0) told.alternatives.emplace_back();
  if (ids.size() < 2) return told;
  Sequence sequence(*model.model, static_cast<int>(ids.size()));
  const Feed feed{&sequence, ids.first(ids.size() - 1), Want::all};
  model.model->forward({&feed, 1}, [&](int, int position, std::span<const float> logits) {
    const int next = ids[static_cast<std::size_t>(position) + 1];
    told.log_probabilities.push_back(log_probability(logits, next));
    if (alternatives > 0) told.alternatives.push_back(view_distribution(logits, alternatives, 0).top);
  });
  return told;
}

}  // namespace kelvin
