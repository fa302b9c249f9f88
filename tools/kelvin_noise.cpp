// kelvin-noise: is the least likely token signal or noise?
#include <algorithm>
#include <iostream>
#include <optional>
#include <sstream>

#include "tools/lab/noise/noise_report.h"
#include "tools/options/run_main.h"
#include "tools/output/output_file.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  TextFlags text;
  std::optional<std::string> runs;
  int draws = 3, positions = 0;
  std::optional<std::uint64_t> seed;
  WorkFlags work;
  std::optional<std::string> svg, html;
  bool json = false;
};

std::vector<NoiseKind> kinds_of(const Options& options) {
  std::vector<NoiseKind> kinds;
  if (!options.runs) return kinds;
  std::istringstream names(*options.runs);
  for (std::string name; std::getline(names, name, ',');) kinds.push_back(noise_kind(name, options.draws));
  if (kinds.empty()) throw UsageError("--runs: at least one of bf16, q8, q4, ulp-f32 and ulp-bf16 expected");
  return kinds;
}

bool parse(Options& options, int argc, char** argv) {
  Flags flags(
      "kelvin-noise",
      "is the least likely token signal or noise: one text through float32 weights and through versions of "
      "them that differ in numerical detail only, compared rank by rank");
  options.model.add_to(flags);
  options.text.add_to(flags);
  flags.group("versions");
  flags.option(
      "runs", "LIST",
      "bf16, q8, q4: weights stored so; ulp-f32, ulp-bf16: every weight moved by one unit in its last place, "
      "of a float32 or a bfloat16 (default: bf16,q8,q4,ulp-f32; where the files hold bf16, ulp-bf16 in its "
      "place)",
      to(options.runs));
  flags.option("draws", "N", "of each kind of noise (default 3)", to(options.draws, 1, 1000));
  flags.option("seed", "N", "of the noise (default 0)", to(options.seed));
  flags.option("positions", "N", "at most so many tokens of the text (default: all)",
               to(options.positions, 1));
  options.work.add_to(flags);
  flags.group("output");
  flags.option("svg", "FILE", "agreement, correlation and logit error over the bands", to(options.svg));
  flags.option("html", "FILE", "these and all tables as one page", to(options.html));
  flags.toggle("json", "JSON lines: for each version its bands, then the version", options.json);
  flags.examples(
      {"kelvin-noise --text \"Once upon a time, there was a brave fox.\" --runs q4",
       "kelvin-noise --text \"Once upon a time, there was a brave fox.\" --runs q4,q8 --html noise.html",
       "kelvin-noise --text \"Once upon a time\" --runs ulp-bf16 --draws 2 --json"});
  flags.common({"model", "weights", "file", "text", "ids", "runs", "draws", "positions", "part", "svg",
                "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  if (options.model.weights) throw UsageError("--weights: the runs choose how weights are kept; see --runs");
  if (options.work.merges() && options.text.given())
    throw UsageError("--merge stands for the text: no --file, --text or --ids beside it");
  return true;
}

std::optional<NoiseResult> measure(Options& options) {
  if (options.work.merges()) return merge_noise(options.work.merged);
  NoisePlan plan{kinds_of(options), options.draws, {}, options.positions, options.seed.value_or(0)};
  options.model.weights = Storage::f32;
  OpenModel reference = open_model(options.model);
  plan.input = options.text.read(reference);
  const Interrupt interrupt;
  return measure_noise(reference, plan, options.work, interrupt.flag());
}

int noise_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  const auto result = measure(options);
  if (!result) return 0;
  Provenance made = provenance_of(argc, argv);
  made.model = result->origin;
  if (result->seed) made.set_seed(*result->seed, false);
  if (options.svg) write_file(*options.svg, svg_file(noise_plots(*result), 2, provenance_svg(made)));
  if (options.html) write_file(*options.html, noise_html(*result, made));
  std::cout << (options.json ? with_provenance(noise_json(*result), made)
                             : noise_table(*result) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::noise_main); }
