// kelvin-stage: the workbench of sampler authors. Logits from a file through a chain; no model.
#include <iostream>
#include <optional>

#include "sampling/chain_text.h"
#include "tokenizer/base/user_error.h"
#include "tools/options/flags.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/output_file.h"
#include "tools/output/provenance.h"
#include "tools/output/raw_logits.h"
#include "tools/output/read_file.h"
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

Chain chain_of(const SamplingOptions& sampling, std::size_t vocabulary) {
  try {
    return sampling.settings.chain({.bytes = {}, .stops = {}, .n_ids = vocabulary});
  } catch (const UserError& error) {
    throw UsageError(error.what());
  }
}

// A raw file of `n` numbers as one row. Where these may as well be several rows of a vocabulary, somebody has to say.
std::size_t one_row(std::size_t n, const std::string& path) {
  constexpr std::size_t smallest_vocabulary = 1000;
  for (std::size_t rows = 2; rows <= n / smallest_vocabulary; ++rows)
    if (n % rows == 0)
      throw UsageError(path + ": one row of " + std::to_string(n) + " float32, or " + std::to_string(rows) +
                       " rows of " + std::to_string(n / rows) + "? --vocab N says how many a row has");
  return n;
}

void run_rows(const Options& options, std::span<const float> all, std::size_t vocabulary, Provenance made) {
  const Chain chain = chain_of(options.sampling, vocabulary);
  const std::uint64_t seed = options.sampling.seed ? *options.sampling.seed : random_seed();
  made.set_seed(seed, !options.sampling.seed);
  std::string json;  // the last line, which is to say where it comes from
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
    if (options.json) {
      std::cout << json;
      json = stage_report_json({row, step.position(), seed, trace, why}) + "\n";
    } else
      std::cout << "row " << row << ", position " << step.position() << ", seed " << seed << '\n'
                << stage_report_text(trace, why, [](int id) { return std::to_string(id); });
    if (file) file->write(raw_float32(logits));
    chain.accept(token, step, state);
    history.push_back(token);
  }
  if (file) file->commit();
  std::cout << (options.json ? with_provenance(json, made) : provenance_line(made));
}

int stage_main(int argc, char** argv) {
  Options options;
  Flags flags(
      "kelvin-stage",
      "sends logits from a file through a chain of samplers and shows what each stage does; needs no model");
  flags.group("input");
  flags.option(
      "logits", "FILE",
      "a .npy file of (rows, vocabulary), or float32, little-endian: one row, or several with --vocab",
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
  flags.examples({"kelvin-logits --prompt \"Once upon a\" --raw logits.f32",
                  "kelvin-stage --logits logits.f32 --vocab 2048 --sample \"min-p=0.05,temp=0.8\" --seed 1",
                  "kelvin-stage --logits logits.f32 --vocab 2048 --thermo 1,0,-1"});
  flags.common({"logits", "vocab", "history", "sample", "temp", "top-k", "top-p", "min-p", "penalty", "seed",
                "raw", "thermo", "json", "list"});
  if (!flags.parse(argc, argv)) return 0;
  if (options.list) {
    std::cout << stage_markdown();
    return 0;
  }
  if (options.logits.empty()) throw UsageError("--logits FILE is needed");
  const std::string bytes = read_file(options.logits);
  const auto content = std::as_bytes(std::span(bytes));
  const LogitsLayout layout =
      logits_layout(content, options.logits, static_cast<std::size_t>(options.vocabulary));
  const std::vector<float> all = float32_of(content.subspan(layout.offset));
  const std::size_t vocabulary =
      layout.vocabulary > 0 ? layout.vocabulary : one_row(all.size(), options.logits);
  require_ids("--history", options.history, vocabulary);
  const Provenance made = provenance_of(argc, argv);
  if (options.betas.empty()) {
    run_rows(options, all, vocabulary, made);
    return 0;
  }
  std::string json;
  for (std::size_t row = 0; row < all.size() / vocabulary; ++row)
    for (const double beta : options.betas) {
      std::cout << json;
      json =
          thermo_json(row, thermo(std::span<const float>(all).subspan(row * vocabulary, vocabulary), beta)) +
          "\n";
    }
  std::cout << with_provenance(json, made);
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::stage_main); }
