// kelvin-generate: continues a prompt.
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/base/formatted.h"
#include "tools/batch/batch_flags.h"
#include "tools/batch/draw_file.h"
#include "tools/batch/draw_line.h"
#include "tools/batch/draw_run.h"
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

struct Options {
  ModelFlags model;
  PromptOptions prompt;
  BatchFlags batch;
  SamplingOptions sampling;
  std::optional<int> token_limit;
  std::optional<int> draws, draw_index;
  std::vector<std::string> stop_texts;
  TemplateOptions chat_template;
  int chunk = 0;
  bool ignore_eos = false, json = false, stats = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-generate", "continues a prompt");
  options.model.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(options.chunk, 1, 1 << 20));
  options.prompt.add_to(flags);
  options.sampling.add_to(flags);
  flags.option(
      "padding", "RULE",
      "ids with a logit of the model and no token of the tokenizer: mask or draw (default: mask; draw "
      "where the prompt is --ids)",
      [&](const std::string& rule) {
        options.sampling.settings.set("padding", rule, Source::flag, "--padding");
      });
  flags.group("output");
  flags.option("n", "N", "most tokens to draw (default: max_new_tokens of generation_config.json, or 256)",
               to(options.token_limit, 1));
  flags.option("stop", "TEXT", "end the text before this one; may be given several times",
               adds_stop_text(options.stop_texts));
  flags.option(
      "draws", "N",
      "so many continuations, numbered from 0; the prompt is read once, as many run side by side as memory "
      "holds (at most 32, or --batch), and each has the bits it has alone",
      to(options.draws, 1, 1 << 20));
  flags.option("draw-index", "I", "the continuation that --draws numbers I, alone",
               to(options.draw_index, 0, (1 << 20) - 1));
  flags.toggle("ignore-eos", "go on after an end token", options.ignore_eos);
  flags.toggle(
      "json",
      "one JSON object: prompt_ids, ids, text, logprobs (ln p of each id by the model at T = 1), "
      "chain_logprobs "
      "(after the sampling chain), stop (eos, length, context, interrupted), seed, chain, run (a hash of all "
      "that a draw depends on); with --draws one a line, beginning with draw",
      options.json);
  flags.toggle("stats", "speed and mean log-probability on stderr; with --draws of all together",
               options.stats);
  options.batch.add_to(flags);
  options.chat_template.add_to(flags);
  flags.examples({"kelvin-generate -p \"Once upon a time\" -n 40",
                  "echo \"The fox\" | kelvin-generate - --temp 0.6 --seed 7 --stats",
                  "kelvin-generate -p \"The fox\" --draws 3 -n 20 --json"});
  flags.common({"model", "weights", "threads", "prompt", "prompt-file", "sample", "temp", "top-k", "top-p",
                "min-p", "penalty", "seed", "n", "stop", "draws", "json", "stats", "jsonl", "out"});
  if (!flags.parse(argc, argv)) return false;
  options.batch.open(options.prompt, options.draws.has_value());
  if (options.chat_template.given() && !options.batch.given())
    throw UsageError("--think and --template-arg say something about the messages of --jsonl only");
  if (options.draws && options.draw_index) throw UsageError("--draws and --draw-index contradict each other");
  if (options.batch.given() && (options.draws || options.draw_index))
    throw UsageError("--jsonl answers each line once: no --draws there");
  return true;
}

void tell_full(const OpenModel& model) {
  std::cerr << "the context of " << model.context << " tokens is full: the text ends here (--ctx)\n";
}

// One continuation, shown as it comes.
void generate_one(const Options& options, OpenModel& model, ContinuationRequest request, Provenance made) {
  const Interrupt interrupt;
  ProgressBar bar("prompt", "tok");
  TerminalText shown(std::cout, STDOUT_FILENO);
  if (!options.json)
    request.on_text = [&](std::string_view text) {
      bar.finish();
      shown.write(text);
    };
  Sequence sequence(*model.model, model.context);
  const Continuation result =
      continue_prompt(*model.model, sequence, model.tokenizer(), request,
                      {.chunk = options.chunk, .stop = interrupt.flag(), .on_prompt = bar.updates()});
  bar.finish();
  if (options.json) {
    std::optional<std::size_t> number;
    if (options.draw_index) number = static_cast<std::size_t>(*options.draw_index);
    const std::string run = run_of(*made.model, model.context, request);
    std::cout << with_provenance(draw_line(result, request, number, run) + "\n", made);
  } else {
    shown.write("\n");
  }
  std::cout << std::flush;
  if (result.ending == Ending::context_full) tell_full(model);
  if (options.stats) std::cerr << statistics_line(result, model.load_seconds) << "\n";
  if (!options.json) std::cerr << "seed " << request.seed << "\n";
  if (result.ending == Ending::interrupted)
    throw Interrupted("interrupted; the text so far went to stdout; " +
                      same_command("begin anew with --seed " + std::to_string(request.seed)));
}

void generate_draws(const Options& options, OpenModel& model, DrawRun run) {
  const Interrupt interrupt;
  ProgressBar prompt_bar("prompt", "tok");
  std::optional<ProgressBar> bar;  // one at a time
  run.draws = static_cast<std::size_t>(*options.draws);
  run.width = options.batch.width();
  run.loop = {.chunk = options.chunk, .stop = interrupt.flag(), .on_prompt = prompt_bar.updates()};
  run.json = options.json;
  run.progress = [&](double done, double total) {
    prompt_bar.finish();
    if (!bar) bar.emplace("draws", "draws");
    bar->update(done, total);
  };
  const std::uint64_t seed = run.request.seed;
  const DrawResult result = run_draws(model, run);
  prompt_bar.finish();
  bar.reset();
  if (result.context_full) tell_full(model);
  if (options.stats)
    std::cerr << formatted("load %.2f s; %zu tokens in %.1f s, %.1f tok/s\n", model.load_seconds,
                           result.drawn, result.seconds, static_cast<double>(result.drawn) / result.seconds)
              << result.statistics.text() << "\n";
  if (!options.json) std::cerr << "seed " << seed << "\n";
  if (!result.interrupted) return;
  if (!run.file)
    throw Interrupted("interrupted; the texts so far went to stdout; " +
                      same_command("begin anew with --seed " + std::to_string(seed)));
  throw Interrupted("interrupted; " + std::to_string(result.statistics.draws()) + " of " +
                    std::to_string(run.draws) + " draws are in " + *options.batch.out() + "; " +
                    same_command("go on with"));
}

int generate_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  SamplingOptions& sampling = options.sampling;
  // Before the model is loaded, which may take a while.
  std::optional<DrawFile> file;
  if (options.draws && options.batch.out()) file.emplace(*options.batch.out());

  OpenModel model = open_model(options.model);
  apply_generation_config(sampling.settings, model.generation);
  std::cerr << ignored_note(model.generation);
  std::vector<std::string> stop_texts = options.stop_texts;
  stop_texts.insert(stop_texts.end(), model.generation.stop_strings.begin(),
                    model.generation.stop_strings.end());
  truncate_by_default(sampling.settings);
  if (options.batch.given())
    return options.batch.run(
        model,
        {sampling.settings, sampling.seed, options.token_limit, options.ignore_eos, options.chat_template},
        options.chunk);
  const std::vector<int> prompt = options.prompt.resolve(model);
  // Who speaks in ids looks at the model itself, rows without a token included.
  if (!options.prompt.ids.empty()) sampling.settings.set("padding", "draw", Source::default_value, "--ids");
  const Chain chain = sampling.settings.chain(model.vocabulary(!options.ignore_eos));
  if (const std::string note = sampling.settings.note(); !note.empty()) std::cerr << "note: " << note << "\n";

  ContinuationRequest request;
  request.prompt = prompt;
  request.chain = &chain;
  // A file that is gone on with has its seed.
  request.seed = sampling.seed ? *sampling.seed : file && file->seed() ? *file->seed() : random_seed();
  request.stream = static_cast<std::uint64_t>(options.draw_index.value_or(0));
  request.max_tokens = max_tokens(options.token_limit, model.generation, 256, prompt.size()).count;
  if (!options.ignore_eos) request.stops = model.stops;
  request.stop_texts = stop_texts;
  request.text_continues = true;
  request.log_probabilities = options.json || options.stats || file;
  Provenance made = provenance_of(argc, argv);
  made.set_seed(request.seed, !sampling.seed);
  made.model = origin_of(model);
  if (!options.draws) {
    generate_one(options, model, request, std::move(made));
    return 0;
  }
  const std::string run = run_of(*made.model, model.context, request);
  if (file) file->require_run(run);
  generate_draws(options, model,
                 {.request = request, .run = run, .made = std::move(made), .file = file ? &*file : nullptr});
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::generate_main); }
