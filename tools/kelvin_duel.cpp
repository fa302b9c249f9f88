// kelvin-duel: two or more sampler chains on one prompt, with the same noise.
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/lab/duel/duel_report.h"
#include "tools/options/model_origin.h"
#include "tools/options/prompt_options.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/output_file.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  PromptOptions prompt;
  std::vector<std::string> chains;
  int draws = 20, tokens = 100;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> svg, html;
  WorkFlags work;
  bool ignore_eos = false, json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-duel",
              "sampler chains compared: texts drawn with the same noise, exact divergences of every step, "
              "measures of "
              "the texts with p values, and how many draws the same noise saved");
  options.model.add_to(flags);
  options.prompt.add_to(flags);
  flags.group("duel");
  flags.list("chains", "A B ...",
             "two chains or more, as in --sample: \"min-p=0.05,temp=0.8\" \"temp=1.2\"; raw: none",
             options.chains);
  flags.option("draws", "N", "texts of each chain (default 20)", to(options.draws, 1, 1000000));
  flags.option("n", "N", "most tokens of a text (default 100)", to(options.tokens, 1, 1 << 24));
  flags.option("seed", "N", "of the noise (default 0)", to(options.seed));
  flags.toggle("ignore-eos", "go on after an end token", options.ignore_eos);
  options.work.add_to(flags);
  flags.group("output");
  flags.option("svg", "FILE", "quality against diversity, with regions of confidence", to(options.svg));
  flags.option("html", "FILE", "a page with that, the tables and the texts", to(options.html));
  flags.toggle("json", "JSON lines: texts, measures, steps", options.json);
  flags.examples(
      {"kelvin-duel -p \"Once upon a time\" --chains temp=0.8 temp=1.2 --draws 8 --n 40",
       "kelvin-duel -p \"Once upon a time\" --chains raw min-p=0.05 top-p=0.9 --draws 8 --n 40",
       "kelvin-duel -p \"Once upon a time\" --chains temp=1 temp=-1 --draws 4 --n 20 --html duel.html"});
  flags.common({"model", "weights", "prompt", "chains", "draws", "n", "seed", "part", "svg", "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  if (options.chains.size() < 2)
    throw UsageError("--chains: two chains or more expected, " + std::to_string(options.chains.size()) +
                     " found");
  return true;
}

DuelPlan plan_of(const OpenModel& model, const Options& options) {
  DuelPlan plan{options.prompt.resolve(model),
                {},
                options.draws,
                options.tokens,
                options.seed.value_or(0),
                options.ignore_eos};
  for (const std::string& text : options.chains) {
    plan.chains.push_back(Chain::parse(text == "raw" ? "" : text, model.vocabulary(!options.ignore_eos)));
    for (const Chain::Link& link : plan.chains.back().links())
      if (link.type.unsettled)
        throw UsageError("--chains: " + link.type.name +
                         " takes tokens back, so that steps cannot be compared");
  }
  return plan;
}

int duel_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  OpenModel model = open_model(options.model);
  const DuelPlan plan = plan_of(model, options);
  std::vector<DuelDraw> draws;
  if (options.work.merges()) {
    draws = merge_duel(model, plan, options.work.merged);
  } else {
    const Interrupt interrupt;
    auto drawn = run_duel(model, plan, options.work, Interrupt::flag());
    if (!drawn) return 0;
    draws = std::move(*drawn);
  }
  const DuelReport report = duel_report(plan, std::move(draws));
  Provenance made = provenance_of(argc, argv);
  made.model = origin_of(model);
  made.set_seed(plan.seed, false);
  if (options.svg) write_file(*options.svg, svg_file({duel_front(report)}, 1, provenance_svg(made)));
  if (options.html) write_file(*options.html, duel_html(report, made));
  std::cout << (options.json ? with_provenance(duel_json(report), made)
                             : duel_table(report) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::duel_main); }
