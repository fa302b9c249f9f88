// One line of a batch: what is asked, in the words of OpenAI's batch files. {"custom_id": ..., "body":
// {"messages": [...] or "prompt": ..., "max_tokens": ..., "temperature": ..., "seed": ..., "logprobs": ...}},
// or all of it without "body". Every sampler setting of ours is a key, too, with _ or -.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "sampling/settings.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

// What holds for lines that do not say it themselves.
struct BatchDefaults {
  SamplerSettings sampling;
  std::optional<std::uint64_t> seed;  // default: one of its own for every line
  std::optional<int> max_tokens;      // default: generation_config.json's, or 256
  bool ignore_eos = false;
  TemplateOptions chat_template;  // a line's own chat_template_kwargs stand over them
};

struct BatchRequest {
  bool is_chat = false;     // "messages": the answer is a message
  std::vector<int> prompt;  // at least one, and room for an answer
  Chain chain;
  std::uint64_t seed = 0;
  int choices = 1;
  int max_tokens = 0;  // 0: as many as the context holds
  bool ignore_eos = false;
  bool log_probabilities = false;
  int alternatives = 0;  // likeliest tokens told with each log-probability
  std::vector<std::string> stop_texts;
};

// Throws LoadError ("NAME: key: problem") or another UserError: an error of this line alone.
BatchRequest batch_request(const OpenModel& model, JsonValue line, const BatchDefaults& defaults);

// The line's "custom_id" if it is an object that has one.
std::optional<std::string> custom_id_of(JsonValue line);

}  // namespace kelvin
