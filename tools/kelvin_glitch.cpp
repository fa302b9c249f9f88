// kelvin-glitch: tokens that a model was never taught.
#include <iostream>
#include <optional>
#include <utility>

#include "tools/lab/glitch/glitch_page.h"
#include "tools/options/model_origin.h"
#include "tools/options/run_main.h"
#include "tools/output/output_file.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  TextFlags contexts;
  int top = 40, tail = 10, repeat = 0;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> svg, html;
  WorkFlags work;
  bool json = false, hide_special = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-glitch",
              "anomalous tokens: near the centroid of the embeddings, output rows in the direction of the "
              "untrained, unreachable by "
              "the tokenizer, at the bottom of every distribution, impossible to copy");
  options.model.add_to(flags);
  options.contexts.add_to(flags);
  flags.note(
      "The text is optional: with it, every position is a context in which each token's log-probability is "
      "looked at.");
  flags.group("tests");
  flags.option("tail", "K", "how many of the least likely tokens of a context are its tail (default 10)",
               to(options.tail, 1));
  flags.option("repeat", "N",
               "can the N most suspicious tokens be copied from a few lines that show how? With N random "
               "tokens as controls; no chat is needed",
               to(options.repeat, 0));
  flags.option("seed", "N", "of the random tokens (default 0)", to(options.seed));
  options.work.add_to(flags);
  flags.group("output");
  flags.option("top", "N", "how many tokens are shown (default 40)", to(options.top, 1));
  flags.toggle("hide-special", "leave out special tokens and <unusedN>", options.hide_special);
  flags.option("svg", "FILE", "a map of the embedding", to(options.svg));
  flags.option(
      "html", "FILE",
      "the atlas: a page with the map, the reference, the end of distributions, the copy test, and the "
      "suspects beside magikarp's indicators",
      to(options.html));
  flags.toggle("json", "JSON lines, one a token", options.json);
  flags.examples(
      {"kelvin-glitch --top 10", "kelvin-glitch --top 10 --text \"Once upon a time, there was a brave fox.\"",
       "kelvin-glitch --repeat 20 --text \"Once upon a time, there was a brave fox.\" --html glitch.html"});
  flags.common({"model", "weights", "file", "text", "tail", "repeat", "part", "top", "hide-special", "svg",
                "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  const bool long_work = options.contexts.given() || options.repeat > 0;
  if (options.work.merges() && long_work)
    throw UsageError(
        "--merge stands for the contexts and the questions: no --file, --text, --ids or --repeat beside it");
  if (options.work.given() && !options.work.merges() && !long_work)
    throw UsageError(
        "--part and --shard divide contexts and questions: --file, --text, --ids or --repeat is missing");
  return true;
}

// From the weights alone, so that shards agree. Where these tell nothing, there are no suspects.
CopyPlan to_copy(const OpenModel& model, const GlitchScan& scan, const Options& options) {
  if (scan.counted.empty())
    throw UsageError(
        "--repeat: the weights alone do not tell which tokens to ask for; there is no reference");
  const std::vector<int> hidden = options.hide_special ? model.special : std::vector<int>();
  return copy_plan(model.tokenizer(), scan, hidden, static_cast<std::size_t>(options.repeat),
                   options.seed.value_or(0));
}

void add_magikarp(GlitchReport& report, const OpenModel& model, const Projection& projection) {
  if (report.scan.kind == Reference::none) return;
  const Matrix& head = model.model->weights().lm_head;
  const int threads = model.model->threads();
  std::vector<double> component = projection.component;
  if (!report.scan.tied)
    component =
        principal_projection(head, head.rows, centroid_of(head, head.rows, threads), threads).component;
  report.magikarp = magikarp_indicators(head, head.rows, report.scan.reference, component, threads);
}

int glitch_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  OpenModel model = open_model(options.model);
  std::optional<ProgressBar> bar(std::in_place, "scanning the vocabulary");
  GlitchReport report;
  report.scan = scan_tokens(model);
  bar.reset();
  if (options.work.merges()) {
    report.evidence = merge_evidence(model, options.work.merged);
  } else {
    GlitchPlan plan{std::nullopt, options.tail};
    if (options.contexts.given()) plan.contexts = options.contexts.read(model);
    if (options.repeat > 0) plan.copies = to_copy(model, report.scan, options);
    const Interrupt interrupt;
    auto evidence = gather_evidence(model, plan, options.work, Interrupt::flag());
    if (!evidence) return 0;
    report.evidence = std::move(*evidence);
  }
  report.contexts = report.evidence.contexts.facts();
  add_contexts(report.scan, report.contexts);
  report.top = static_cast<std::size_t>(options.top);
  report.special = model.special;
  report.hide_special = options.hide_special;
  report.seed = options.seed.value_or(0);

  Provenance made = provenance_of(argc, argv);
  made.model = origin_of(model);
  if (options.repeat > 0) made.set_seed(options.seed.value_or(0), false);
  if (options.html || options.svg || options.json) {
    bar.emplace("mapping the embedding");
    const Matrix& embedding = model.model->weights().embedding;
    const int threads = model.model->threads();
    const auto centroid = centroid_of(embedding, embedding.rows, threads);
    const Projection projection = principal_projection(embedding, embedding.rows, centroid, threads);
    add_magikarp(report, model, projection);
    const Plot map = glitch_map(report, model.tokenizer(), projection);
    if (options.svg) write_file(*options.svg, svg_file({map}, 1, provenance_svg(made)));
    if (options.html) write_file(*options.html, glitch_html(report, model.tokenizer(), map, made));
  }
  bar.reset();
  std::cout << (options.json ? with_provenance(glitch_json(report, model.tokenizer()), made)
                             : glitch_table(report, model.tokenizer()) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::glitch_main); }
