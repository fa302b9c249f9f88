// The text kelvin-logits looks at: a prompt or a chat turn, and the answer drawn to it, if one is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tools/options/flags.h"
#include "tools/options/model_options.h"
#include "tools/options/prompt_options.h"
#include "tools/options/sampling_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

struct LogitsText {
  std::vector<int> ids;  // the prompt, then the answer
  std::size_t n_prompt;
  Chain chain;
  std::uint64_t seed;
};

struct LogitsTextFlags {
  PromptOptions prompt;
  std::optional<std::string> user, system;
  TemplateOptions chat_template;     // for --user
  std::optional<int> answer_tokens;  // at most; 0: none
  int chunk = 0;
  SamplingOptions sampling;

  void add_to(Flags& flags);  // without sampling and chunk
  // Draws the answer. `max_tokens`: the prompt may not be longer. Throws UserError, and what the chain
  // throws.
  LogitsText read(OpenModel& model, std::optional<int> max_tokens);
  // The seed is drawn: an answer is asked for, and nobody gave one. Otherwise it is the one given, or 0.
  bool draws_seed(const OpenModel& model) const { return !sampling.seed && most_drawn(model) > 0; }

 private:
  int most_drawn(const OpenModel& model) const;
  std::vector<int> prompt_ids(const OpenModel& model) const;
  void append_answer(OpenModel& model, LogitsText& text) const;
};

}  // namespace kelvin
