// kelvin-glitch: tokens that a model was never taught.
#include <iostream>
#include <optional>
#include <utility>

#include "tools/lab/glitch/glitch_report.h"
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
  std::string question = "Repeat the word \"{}\".";
  std::optional<std::string> svg, html;
  TemplateOptions chat_template;
  WorkFlags work;
  bool json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-glitch",
              "anomalous tokens: near the centroid of the embeddings, output rows in the direction of the "
              "untrained, unreachable by "
              "the tokenizer, at the bottom of every distribution, impossible to repeat");
  options.model.add_to(flags);
  options.contexts.add_to(flags);
  flags.note(
      "The text is optional: with it, every position is a context in which each token's log-probability is "
      "looked at.");
  flags.group("tests");
  flags.option("tail", "K", "how many of the least likely tokens of a context are its tail (default 10)",
               to(options.tail, 1));
  flags.option("repeat", "N",
               "ask the chat at T = 0 to repeat each of the N most suspicious tokens that text can hold",
               to(options.repeat, 0));
  flags.option("repeat-question", "TEXT", "how it is asked; {} stands for the token", to(options.question));
  options.chat_template.add_to(flags);
  options.work.add_to(flags);
  flags.group("output");
  flags.option("top", "N", "how many tokens are shown (default 40)", to(options.top, 1));
  flags.option("svg", "FILE", "a map of the embedding", to(options.svg));
  flags.option("html", "FILE", "a page with the map and the table", to(options.html));
  flags.toggle("json", "JSON lines, one a token", options.json);
  flags.examples({"kelvin-glitch --top 10",
                  "kelvin-glitch --top 10 --text \"Once upon a time, there was a brave fox.\"",
                  "kelvin-glitch --html glitch.html"});
  flags.common({"model", "weights", "file", "text", "tail", "repeat", "part", "top", "svg", "html", "json"});
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

// The most suspicious tokens that a question can hold. They depend on the weights alone, so that shards
// agree.
std::vector<int> to_repeat(const OpenModel& model, std::size_t count) {
  const ProgressBar bar("scanning the vocabulary");
  std::vector<int> ids;
  for (const TokenIndicators& token : scan_tokens(model, {}).tokens)
    if (token.reach == Reach::reached && ids.size() < count) ids.push_back(token.id);
  return ids;
}

int glitch_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  OpenModel model = open_model(options.model);
  GlitchReport report;
  if (options.work.merges()) {
    report.evidence = merge_evidence(model, options.work.merged);
  } else {
    GlitchPlan plan{std::nullopt, options.tail, {}, options.question, options.chat_template};
    if (options.contexts.given()) plan.contexts = options.contexts.read(model);
    if (options.repeat > 0) plan.repeats = to_repeat(model, static_cast<std::size_t>(options.repeat));
    const Interrupt interrupt;
    auto evidence = gather_evidence(model, plan, options.work, Interrupt::flag());
    if (!evidence) return 0;
    report.evidence = std::move(*evidence);
  }
  std::optional<ProgressBar> bar(std::in_place, "scanning the vocabulary");
  report.contexts = report.evidence.contexts.facts();
  report.scan = scan_tokens(model, report.contexts);
  report.top = static_cast<std::size_t>(options.top);

  Provenance made = provenance_of(argc, argv);
  made.model = origin_of(model);
  if (options.html || options.svg) {
    const Matrix& embedding = model.model->weights().embedding;
    const int threads = model.model->threads();
    const auto centroid = centroid_of(embedding, embedding.rows, threads);
    const Plot map = glitch_map(report, model.tokenizer(),
                                principal_projection(embedding, embedding.rows, centroid, threads));
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
