// kelvin-stage: the workbench of sampler authors. Logits from a file through a chain; no model.
#include <iostream>
#include <optional>

#include "sampling/chain_text.h"
#include "tokenizer/base/user_error.h"
#include "tools/options/flags.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/output_file.h"
#include "tools/output/raw_logits.h"
#include "tools/output/stage_report.h"

namespace kelvin {
namespace {

struct Options {
  std::string logits;
  std::vector<double> betas;
  std::optional<std::string> raw;
  std::vector<int> history;
  int vocabulary = 0;
  bool json = false, list = false;
  SamplingOptions sampling;
};

Chain chain_of(const SamplingOptions& sampling) {
  try {
    return sampling.settings.chain();
  } catch (const UserError& error) {
    throw UsageError(error.what());
  }
}

void run_rows(const Options& options, std::span<const float> all, std::size_t vocabulary) {
  const Chain chain = chain_of(options.sampling);
  const std::uint64_t seed = options.sampling.seed ? *options.sampling.seed : random_seed();
  std::optional<OutputFile> file;
  if (options.raw) file.emplace(*options.raw);
  std::vector<int> history = options.history;
  ChainState state;
  if (!options.json) std::cout << chain.describe();
  for (std::size_t row = 0; row < all.size() / vocabulary; ++row) {
    const auto given = all.subspan(row * vocabulary, vocabulary);
    std::vector<float> logits(given.begin(), given.end());
    const Step step{history, options.history.size(), seed};
    Trace trace;
    trace.keep_ids = true;
    const ChainState before = state;
    const int token = chain.sample(logits, step, state, &trace);
    const Why why = explain(chain, trace, step, before, other_temperatures(chain));
    if (options.json)
      std::cout << stage_report_json({row, step.position(), seed, trace, why}) << '\n';
    else
      std::cout << "row " << row << ", position " << step.position() << ", seed " << seed << '\n'
                << stage_report_text(trace, why, [](int id) { return std::to_string(id); });
    if (file) file->write(raw_float32(logits));
    chain.accept(token, step, state);
    history.push_back(token);
  }
  if (file) file->commit();
}

int stage_main(int argc, char** argv) {
  Options options;
  Flags flags(
      "kelvin-stage",
      "sends logits from a file through a chain of samplers and shows what each stage does; needs no model");
  flags.group("input");
  flags.option("logits", "FILE", "float32, little-endian: one row, or several with --vocab",
               to(options.logits));
  flags.option("vocab", "N", "logits in a row; each row is one step more, the token drawn joins the history",
               to(options.vocabulary, 1));
  flags.option("history", "IDS", "the tokens before the first row, as in 1,2,3", to(options.history));
  options.sampling.add_to(flags);
  flags.group("output");
  flags.option("raw", "FILE", "write the processed logits, float32 little-endian", to(options.raw));
  flags.option("thermo", "BETAS",
               "instead of a draw: statistics of the raw logits at these beta, as in 1,0,-inf; JSON lines",
               [&](const std::string& value) {
                 for (const std::string& beta : split_chain(value))
                   options.betas.push_back(parse_number(beta, "a number"));
               });
  flags.toggle("json", "JSON lines, one a row", options.json);
  flags.toggle("list", "print the table of all samplers in Markdown and stop", options.list);
  if (!flags.parse(argc, argv)) return 0;
  if (options.list) {
    std::cout << stage_markdown();
    return 0;
  }
  if (options.logits.empty()) throw UsageError("--logits FILE is needed");
  const std::vector<float> all = read_raw_float32(options.logits);
  const std::size_t vocabulary =
      options.vocabulary > 0 ? static_cast<std::size_t>(options.vocabulary) : all.size();
  if (all.size() % vocabulary != 0)
    throw UsageError("--vocab: " + std::to_string(all.size()) + " logits in " + options.logits +
                     " are no whole number of rows of " + std::to_string(vocabulary));
  require_ids("--history", options.history, vocabulary);
  if (options.betas.empty()) {
    run_rows(options, all, vocabulary);
    return 0;
  }
  for (std::size_t row = 0; row < all.size() / vocabulary; ++row)
    for (const double beta : options.betas)
      std::cout << thermo_json(
                       row, thermo(std::span<const float>(all).subspan(row * vocabulary, vocabulary), beta))
                << '\n';
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::stage_main); }
