// kelvin-score: how often a model answers tasks right, over temperatures and sampling chains.
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sampling/chain_text.h"
#include "tools/lab/score/lm_eval_tasks.h"
#include "tools/lab/score/score_report.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/output_file.h"
#include "tools/output/read_file.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  std::optional<std::string> tasks, lm_eval, temperatures, sample, svg, html;
  std::vector<std::string> chains;
  int draws = 1, max_tokens = 256, width = 8, limit = 0;
  std::optional<std::uint64_t> seed;
  TemplateOptions chat_template;
  WorkFlags work;
  bool runs_commands = false, json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags(
      "kelvin-score",
      "how often a model answers tasks right, over temperatures and sampling chains that see the same noise");
  options.model.add_to(flags);
  flags.group("tasks");
  flags.option(
      "tasks", "FILE",
      "what is asked and how answers are judged, a JSON line for each task; its keys are prompt or messages, "
      "answer (a text, a list of texts, or an object with text, choices, regex, number, json or command), "
      "and "
      "if wanted id, stop, max_tokens and cluster",
      to(options.tasks));
  flags.option(
      "lm-eval", "FILE",
      "a task of lm-evaluation-harness (generate_until, exact_match) with data of its own, written as JSON",
      to(options.lm_eval));
  flags.option("limit", "N", "only the first N tasks", to(options.limit, 1));
  flags.toggle("run-commands", "let tasks run the commands that judge their answers", options.runs_commands);
  flags.group("chains");
  flags.option("temps", "LIST", "one chain for each of these temperatures, such as 0.3,0.7,1,-1",
               to(options.temperatures));
  flags.option("sample", "CHAIN", "what --temps sets the temperature of (default: raw, no other stage)",
               to(options.sample));
  flags.option(
      "chain", "CHAIN",
      "a further chain as it stands; may be given several times; such as temp-schedule='step < 20 ? 1.5 : "
      "0.3'; generation_config.json adds nothing to any chain",
      [&](const std::string& chain) { options.chains.push_back(chain); });
  flags.option("draws", "N", "answers of each chain to each task (default 1)", to(options.draws, 1, 1 << 16));
  flags.option("n", "N", "most tokens of an answer, where its task does not say it (default 256)",
               to(options.max_tokens, 1));
  flags.option("seed", "N", "of the noise, which is the same for all chains (default 0)", to(options.seed));
  flags.option("batch", "N", "answers that run at a time; results do not depend on it (default 8)",
               to(options.width, 1, 4096));
  options.chat_template.add_to(flags);
  options.work.add_to(flags);
  flags.alias("out", "part");
  flags.group("output");
  flags.option("svg", "FILE", "the chart", to(options.svg));
  flags.option("html", "FILE", "chart and tables as one page", to(options.html));
  flags.toggle("json", "JSON lines: every output with its verdict, the chains' figures, the hash",
               options.json);
  flags.examples(
      {"echo '{\"prompt\": \"Once upon a\", \"answer\": {\"regex\": \"time\"}}' | kelvin-score --tasks - -n "
       "4 --temps 0.5,1",
       "echo '{\"prompt\": \"2 + 2 =\", \"answer\": {\"number\": 4}}' | kelvin-score --tasks - -n 4 --draws "
       "4 --json",
       "echo '{\"prompt\": \"The fox\", \"answer\": \"ran\"}' | kelvin-score --tasks - -n 2 --chain temp=0.3 "
       "--html s.html"});
  flags.common({"model", "weights", "tasks", "lm-eval", "run-commands", "temps", "chain", "draws", "n",
                "seed", "part", "svg", "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  if (options.work.merges()) {
    if (options.tasks || options.lm_eval)
      throw UsageError("--merge stands for the tasks: no --tasks beside it");
  } else if (options.tasks.has_value() == options.lm_eval.has_value()) {
    throw UsageError("either --tasks FILE or --lm-eval FILE expected");
  }
  return true;
}

Chain chain_of(const Vocabulary& vocabulary, const std::string& text, const std::string& flag) {
  SamplerSettings settings;
  settings.set("sample", text, Source::flag, flag);
  return settings.chain(vocabulary);
}

std::vector<Chain> chains_of(const Options& options, const Vocabulary& vocabulary) {
  std::vector<Chain> chains;
  const Chain base = chain_of(vocabulary, options.sample.value_or("raw"), "--sample");
  if (options.temperatures) {
    std::istringstream list(*options.temperatures);
    for (std::string word; std::getline(list, word, ',');)
      chains.push_back(base.at_temperature(parse_number(word, "--temps")));
  }
  for (const std::string& chain : options.chains) chains.push_back(chain_of(vocabulary, chain, "--chain"));
  if (chains.empty()) chains.push_back(base);
  return chains;
}

ScorePlan plan_of(const Options& options, const OpenModel& model) {
  ScorePlan plan;
  if (options.lm_eval) {
    plan.tasks = read_lm_eval_tasks(*options.lm_eval);
    plan.settled = lm_eval_text(*options.lm_eval);
  } else {
    plan.settled = read_file(*options.tasks);
    plan.tasks = parse_score_tasks(plan.settled, *options.tasks);
  }
  if (options.limit > 0 && static_cast<std::size_t>(options.limit) < plan.tasks.size())
    plan.tasks.erase(plan.tasks.begin() + options.limit, plan.tasks.end());
  if (!options.runs_commands)
    for (const ScoreTask& task : plan.tasks)
      if (task.judge->runs_command())
        throw UsageError("task " + task.id +
                         " runs a command on this machine; if you trust all of them, --run-commands");
  plan.chains = chains_of(options, model.vocabulary());
  plan.draws = options.draws;
  plan.max_tokens = options.max_tokens;
  plan.seed = options.seed.value_or(0);
  plan.width = options.width;
  plan.chat_template = options.chat_template;
  return plan;
}

std::optional<ScoreResult> measure(const Options& options) {
  if (options.work.merges()) return merge_score(options.work.merged);
  OpenModel model = open_model(options.model);
  const ScorePlan plan = plan_of(options, model);
  const Interrupt interrupt;
  return run_score(model, plan, options.work, interrupt.flag());
}

int score_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  const auto result = measure(options);
  if (!result) return 0;
  Provenance made = provenance_of(argc, argv);
  made.model = result->origin;
  made.set_seed(result->seed, false);
  if (options.svg) write_file(*options.svg, svg_file({score_plot(*result)}, 1, provenance_svg(made)));
  if (options.html) write_file(*options.html, score_html(*result, made));
  std::cout << (options.json ? with_provenance(score_json(*result), made)
                             : score_table(*result) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::score_main); }
