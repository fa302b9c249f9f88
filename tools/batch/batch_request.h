// One line of a batch: what is asked, in the words of OpenAI's batch files. {"custom_id": ..., "body":
// {"messages": [...] or "prompt": ..., "max_tokens": ..., "temperature": ..., "seed": ..., "logprobs": ...}},
// or all of it without "body". Every sampler setting of ours is a key, too, with _ or -. README of tools/ lists the keys.
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

struct BatchPrompt {
  std::vector<int> ids;   // at least one, and room for an answer
  std::size_t begun = 0;  // of them, those that the tokenizer put before the text
  std::string text;       // of the others; empty for messages
  int max_tokens = 0;     // of the answer; 0: as many as the context holds
};

struct BatchRequest {
  bool is_chat = false;              // "messages": the answer is a message
  std::vector<BatchPrompt> prompts;  // one, or each of a list
  Chain chain;
  std::uint64_t seed = 0;
  int choices = 1;          // told of each prompt
  int draws = 1;            // of them the likeliest are told
  bool draws_none = false;  // nothing but the prompt is told
  std::vector<int> stops;   // ids that end an answer, ascending
  std::vector<std::string> stop_texts;
  bool log_probabilities = false;
  int alternatives = 0;  // likeliest tokens told with each log-probability
  bool echo = false;     // the text begins with the prompt
  // Of messages.
  std::optional<TemplateValue> tools;  // calls of these are told as such
  bool one_call = false;               // of several the first alone
  bool calls_function = false;         // "functions": a call is told as function_call
  std::string opened_thought;          // with which the prompt ends
  std::vector<std::string> warnings;   // keys that were passed over: "KEY: ignored: why"
};

// Throws LoadError ("NAME: key: problem") or another UserError: an error of this line alone.
BatchRequest batch_request(const OpenModel& model, JsonValue line, const BatchDefaults& defaults);

// The line's "custom_id" if it is an object that has one.
std::optional<std::string> custom_id_of(JsonValue line);

}  // namespace kelvin
