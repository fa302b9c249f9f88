#include "tools/inspect/logits_text.h"

#include "loaders/tokenizer/prompt.h"
#include "tools/generation/generate.h"
#include "tools/options/generation_defaults.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {

void LogitsTextFlags::add_to(Flags& flags) {
  prompt.add_to(flags);
  flags.option("user", "TEXT", "a chat turn: the text as a user's message, in the model's own template",
               to(user));
  flags.option("system", "TEXT", "the system's message before --user", to(system));
  chat_template.add_to(flags);
  flags.group("answer");
  flags.option(
      "n", "N",
      "most tokens to draw after the prompt, which are then explained like it; 0 for none (default: 0; "
      "after --user max_new_tokens of generation_config.json, or 256)",
      to(answer_tokens));
}

std::vector<int> LogitsTextFlags::prompt_ids(const OpenModel& model) const {
  if (!user) {
    if (system || chat_template.given())
      throw UsageError("--system, --think and --template-arg say something about --user only");
    return prompt.resolve(model);
  }
  if (prompt.text || prompt.file || !prompt.ids.empty())
    throw UsageError("--user excludes --prompt, --prompt-file and --ids");
  ConversationOptions options;
  if (const auto own = chat_template_of(model.text.info)) options.variables = chat_template.variables(*own);
  return encode_conversation(model.text, one_turn(system, *user), options);
}

int LogitsTextFlags::most_drawn(const OpenModel& model) const {
  return answer_tokens.value_or(user ? max_tokens({}, model.generation, 256).count : 0);
}

void LogitsTextFlags::append_answer(OpenModel& model, LogitsText& text) const {
  const int max = most_drawn(model);
  if (max == 0) return;
  Sequence sequence(*model.model, model.context);
  ProgressBar bar("answer", "tok");
  ContinuationRequest request;
  request.prompt = text.ids;
  request.chain = &text.chain;
  request.seed = text.seed;
  request.max_tokens = max;
  request.stops = model.stops;
  const Continuation answer =
      continue_prompt(*model.model, sequence, model.tokenizer(), request,
                      {.chunk = chunk, .stop = Interrupt::flag(), .on_prompt = bar.updates()});
  if (answer.ending == Ending::interrupted) throw Interrupted();
  text.ids.insert(text.ids.end(), answer.ids.begin(), answer.ids.end());
}

LogitsText LogitsTextFlags::read(OpenModel& model, std::optional<int> max_tokens) {
  LogitsText text;
  text.ids = prompt_ids(model);
  text.n_prompt = text.ids.size();
  if (max_tokens && text.n_prompt > static_cast<std::size_t>(*max_tokens))
    throw UsageError("the prompt has " + std::to_string(text.n_prompt) + " tokens, --ctx " +
                     std::to_string(*max_tokens) + " holds fewer");
  apply_generation_config(sampling.settings, model.generation);
  if (!prompt.ids.empty()) sampling.settings.set("padding", "draw", Source::default_value, "--ids");
  text.chain = sampling.settings.chain(model.vocabulary());
  text.seed = draws_seed(model) ? random_seed() : sampling.seed.value_or(0);
  append_answer(model, text);
  return text;
}

}  // namespace kelvin
