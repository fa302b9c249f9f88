// kelvin-generate: continues a prompt.
#include <unistd.h>

#include <iostream>

#include "loaders/json/json_writer.h"
#include "tools/batch/batch_flags.h"
#include "tools/generation/continuation.h"
#include "tools/generation/generate.h"
#include "tools/options/flags.h"
#include "tools/options/generation_defaults.h"
#include "tools/options/model_origin.h"
#include "tools/options/prompt_options.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/options/template_options.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

// `draw`: its number, where more than one was asked for.
std::string as_json(const Continuation& result, std::span<const int> prompt, const Chain& chain,
                    std::uint64_t seed, std::optional<int> draw) {
  JsonWriter json;
  json.begin_object();
  if (draw) json.member("draw", *draw);
  json.member("prompt_ids", prompt).member("ids", result.ids).member("text", result.text);
  json.member("logprobs", result.log_probabilities).member("chain_logprobs", result.chain_log_probabilities);
  json.member("stop", name_of(result.ending)).member("seed", seed).member("chain", chain.text());
  return json.end_object().text();
}

int generate_main(int argc, char** argv) {
  ModelFlags model_flags;
  PromptOptions prompt_options;
  BatchFlags batch;
  SamplingOptions sampling;
  std::optional<int> token_limit;
  std::optional<int> draws, draw_index;
  std::vector<std::string> stop_texts;
  TemplateOptions chat_template;
  int chunk = 0;
  bool ignore_eos = false, json = false, stats = false;
  Flags flags("kelvin-generate", "continues a prompt");
  model_flags.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(chunk, 1, 1 << 20));
  prompt_options.add_to(flags);
  sampling.add_to(flags);
  flags.option(
      "padding", "RULE",
      "ids with a logit of the model and no token of the tokenizer: mask or draw (default: mask; draw "
      "where the prompt is --ids)",
      [&](const std::string& rule) { sampling.settings.set("padding", rule, Source::flag, "--padding"); });
  flags.group("output");
  flags.option("n", "N", "most tokens to draw (default: max_new_tokens of generation_config.json, or 256)",
               to(token_limit, 1));
  flags.option("stop", "TEXT", "end the text before this one; may be given several times",
               adds_stop_text(stop_texts));
  flags.option("draws", "N", "so many continuations side by side, numbered from 0; the prompt is read once",
               to(draws, 1, 1 << 16));
  flags.option("draw-index", "I", "the continuation that --draws numbers I, alone",
               to(draw_index, 0, (1 << 16) - 1));
  flags.toggle("ignore-eos", "go on after an end token", ignore_eos);
  flags.toggle(
      "json",
      "one JSON object: prompt_ids, ids, text, logprobs (ln p of each id by the model at T = 1), "
      "chain_logprobs "
      "(after the sampling chain), stop (eos, length, context, interrupted), seed, chain; with --draws one "
      "a line, beginning with draw",
      json);
  flags.toggle("stats", "speed and mean log-probability on stderr", stats);
  batch.add_to(flags);
  chat_template.add_to(flags);
  flags.examples({"kelvin-generate -p \"Once upon a time\" -n 40",
                  "echo \"The fox\" | kelvin-generate - --temp 0.6 --seed 7 --stats",
                  "kelvin-generate -p \"The fox\" --draws 3 -n 20 --json"});
  flags.common({"model", "weights", "threads", "prompt", "prompt-file", "sample", "temp", "top-k", "top-p",
                "min-p", "penalty", "seed", "n", "stop", "draws", "json", "stats", "jsonl", "out"});
  if (!flags.parse(argc, argv)) return 0;
  batch.open(prompt_options);
  if (chat_template.given() && !batch.given())
    throw UsageError("--think and --template-arg say something about the messages of --jsonl only");
  if (draws && draw_index) throw UsageError("--draws and --draw-index contradict each other");
  if (batch.given() && (draws || draw_index))
    throw UsageError("--jsonl answers each line once: no --draws there");

  OpenModel model = open_model(model_flags);
  apply_generation_config(sampling.settings, model.generation);
  std::cerr << ignored_note(model.generation);
  stop_texts.insert(stop_texts.end(), model.generation.stop_strings.begin(),
                    model.generation.stop_strings.end());
  truncate_by_default(sampling.settings);
  if (batch.given())
    return batch.run(model, {sampling.settings, sampling.seed, token_limit, ignore_eos, chat_template},
                     chunk);
  const std::vector<int> prompt = prompt_options.resolve(model);
  // Who speaks in ids looks at the model itself, rows without a token included.
  if (!prompt_options.ids.empty()) sampling.settings.set("padding", "draw", Source::default_value, "--ids");
  const Chain chain = sampling.settings.chain(model.vocabulary(!ignore_eos));
  if (const std::string note = sampling.settings.note(); !note.empty()) std::cerr << "note: " << note << "\n";
  const std::uint64_t seed = sampling.seed ? *sampling.seed : random_seed();

  const Interrupt interrupt;
  ProgressBar bar("prompt", "tok");
  TerminalText shown(std::cout, STDOUT_FILENO);
  ContinuationRequest request;
  request.prompt = prompt;
  request.chain = &chain;
  request.seed = seed;
  request.stream = static_cast<std::uint64_t>(draw_index.value_or(0));
  request.max_tokens = max_tokens(token_limit, model.generation, 256, prompt.size()).count;
  if (!ignore_eos) request.stops = model.stops;
  request.stop_texts = stop_texts;
  request.text_continues = true;
  request.log_probabilities = json || stats;
  if (!json && !draws)
    request.on_text = [&](std::string_view text) {
      bar.finish();
      shown.write(text);
    };
  Sequence sequence(*model.model, model.context);
  const std::vector<Continuation> results =
      continue_prompt_often(*model.model, sequence, model.tokenizer(), request, draws.value_or(1),
                            {.chunk = chunk, .stop = interrupt.flag(), .on_prompt = bar.updates()});
  bar.finish();
  bool full = false, interrupted = false;
  std::string lines;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Continuation& result = results[i];
    const std::optional<int> number = draws ? std::optional<int>(static_cast<int>(i)) : draw_index;
    if (json)
      lines += as_json(result, prompt, chain, seed, number) + "\n";
    else if (draws)
      shown.write((i > 0 ? "\n[draw " : "[draw ") + std::to_string(i) + "]" + result.text);
    if (!json) shown.write("\n");
    full |= result.ending == Ending::context_full;
    interrupted |= result.ending == Ending::interrupted;
  }
  if (json) {
    Provenance made = provenance_of(argc, argv);
    made.model = origin_of(model);
    made.set_seed(seed, !sampling.seed);
    std::cout << with_provenance(std::move(lines), made);
  }
  std::cout << std::flush;

  if (full)
    std::cerr << "the context of " << model.context << " tokens is full: the text ends here (--ctx)\n";
  if (stats)
    for (const Continuation& result : results)
      std::cerr << statistics_line(result, model.load_seconds) << "\n";
  if (!json) std::cerr << "seed " << seed << "\n";
  if (interrupted)
    throw Interrupted("interrupted; the text so far went to stdout; " +
                      same_command("begin anew with --seed " + std::to_string(seed)));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::generate_main); }
