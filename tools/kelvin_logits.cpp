// kelvin-logits: the logits of every position of a text, explained (logits_report.h, logits_page.h) or as arrays
// (array_dump.h); and whether they are right (check_run.h).
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "engine/weights/config.h"
#include "tools/inspect/array_dump.h"
#include "tools/inspect/check_run.h"
#include "tools/inspect/logits_pass.h"
#include "tools/inspect/logits_plots.h"
#include "tools/inspect/logits_report.h"
#include "tools/inspect/logits_text.h"
#include "tools/inspect/page/logits_page.h"
#include "tools/options/model_origin.h"
#include "tools/options/run_main.h"
#include "tools/output/sha256.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  LogitsTextFlags text;
  LogitsReport::Format format;
  std::optional<std::string> svg, html;
  int html_from = 0;
  bool lens = false;
  DumpFlags dump;
  CheckFlags check;

  void add_to(Flags& flags);
};

void Options::add_to(Flags& flags) {
  model.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(text.chunk, 1, 1 << 20));
  text.add_to(flags);
  flags.group("output");
  flags.option("svg", "FILE", "surprise, entropy and rank along the text as curves", to(svg));
  flags.option(
      "html", "FILE",
      "a report that opens in a browser: tokens coloured by what the model thought of them, and behind "
      "each both ends of the distribution, the chain stage by stage, other temperatures and a slider",
      to(html));
  flags.option("html-from", "N", "the first token whose step the report holds in detail (default 0)",
               to(html_from));
  flags.option("top", "N", "how many of the most likely next tokens (default 5)", to(format.top, 0, 1 << 20));
  flags.option("bottom", "N", "how many of the least likely next tokens (default 5)",
               to(format.bottom, 0, 1 << 20));
  flags.toggle("lens",
               "what every layer would say if the model ended there: its hidden state through the final norm "
               "and the head, how far that is from what the model says (KL), and its best tokens",
               lens);
  flags.toggle("json", "JSON lines, one a position and one at the end", format.json);
  dump.add_to(flags);
  text.sampling.add_to(flags);
  check.add_to(flags);
}

// Adds the step after a position to the page, with what the chain makes of it; within the prompt: what the chain
// would draw if it ended there. `state` is that of the drawn tokens.
void add_to_page(LogitsPage& page, const PositionLogits& at, const LogitsText& text, int first_detailed,
                 ChainState& state) {
  const auto seen = static_cast<std::size_t>(at.position) + 1;
  if (seen > LogitsPage::max_tokens) return;
  const std::size_t detailed =
      text.ids.size() - std::min(text.ids.size(), static_cast<std::size_t>(first_detailed));
  const StepRecordOptions options{.chain = &text.chain,
                                  .detailed = at.position + 1 >= first_detailed && page.has_room(),
                                  .ends = LogitsPage::ends_for(detailed)};
  const Step step{std::span(text.ids).first(seen), std::min(seen, text.n_prompt), text.seed};
  const bool within_prompt = seen < text.n_prompt;
  ChainState fresh;
  page.add(record_step(at, step, within_prompt ? fresh : state, options), options.detailed);
  if (!within_prompt && at.next) text.chain.accept(*at.next, step, state);
}

// Explains and dumps in one pass over the text; with arrays or a page, only JSON is printed beside the hash.
int look_at_text(Options& options, Provenance made) {
  OpenModel model = open_model(options.model);
  const Interrupt interrupt;
  // At once, so that a path that cannot be written is told before the model works.
  std::optional<OutputFile> html_file;
  if (options.html) html_file.emplace(*options.html);
  const LogitsText text = options.text.read(model, options.model.context);
  const ModelConfig& config = model.model->config();
  const auto vocabulary = static_cast<std::size_t>(config.vocab_size);
  ArrayDump dump(options.dump, text.ids.size(), static_cast<std::size_t>(config.n_layers) + 1, vocabulary);
  LogitsReport report(std::cout, model.tokenizer(), options.format);
  const bool reports = options.format.json || !(options.dump.given() || options.html || options.svg);
  std::optional<LogitsPage> page;
  LogitsPlots plots(model.tokenizer());
  if (html_file) {
    LogitsPageTitle title{model.name(), text.chain.text(), text.seed, text.n_prompt, vocabulary};
    page.emplace(model.tokenizer(), std::move(title), text.ids);
  }
  ChainState drawn;
  Sha256 hash;
  // What is printed while the work goes on is its own progress.
  std::optional<ProgressBar> bar;
  if (!reports || isatty(STDOUT_FILENO) == 0) bar.emplace("forward", "tok");
  LogitsPassOptions pass;
  pass.lens = options.lens || options.dump.lens_npy;
  pass.chunk = options.text.chunk;
  pass.stop = Interrupt::flag();
  if (bar) pass.progress = bar->updates();
  pass_over(*model.model, text.ids, pass, [&](const PositionLogits& at) {
    hash.update(at.logits);
    dump.add(at);
    if (options.svg) plots.add(at.position, at.logits, at.next);
    if (page) add_to_page(*page, at, text, options.html_from, drawn);
    if (reports)
      report.add(at.position, at.id, at.logits, at.next, options.lens ? at.lens : std::span<const float>());
  });
  bar.reset();
  dump.commit();
  made.model = origin_of(model);
  const bool drew_seed = options.text.draws_seed(model);
  if (page || text.ids.size() > text.n_prompt) made.set_seed(text.seed, drew_seed);
  if (options.svg) write_file(*options.svg, svg_file(plots.plots(), 1, provenance_svg(made)));
  if (page) {
    html_file->write(page->html(made));
    html_file->commit();
  }
  report.finish(static_cast<int>(text.ids.size()), config.vocab_size, hash.hex(), made);
  if (drew_seed) std::cerr << "seed " << text.seed << "\n";
  return 0;
}

int logits_main(int argc, char** argv) {
  Options options;
  Flags flags(
      "kelvin-logits",
      "what a model thinks at each position of a text: the token, its probability and rank given what stands "
      "before it, the entropy of what follows, the most and the least likely next tokens");
  options.add_to(flags);
  flags.examples({"kelvin-logits --prompt \"Once upon a time\" --top 3 --bottom 3",
                  "kelvin-logits --user \"Who is Anna?\" --n 20 --seed 1 --lens --html report.html",
                  "kelvin-logits --prompt \"Once upon a time\" --npy logits.npy"});
  flags.common({"model", "weights", "prompt", "prompt-file", "ids", "user", "n", "svg", "html", "top",
                "bottom", "lens", "json", "npy", "sample", "temp", "seed"});
  if (!flags.parse(argc, argv)) return 0;
  const Provenance made = provenance_of(argc, argv);
  if (options.check.golden)
    return run_check(std::cout, options.model, options.check, options.format.json, made);
  return look_at_text(options, made);
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::logits_main); }
