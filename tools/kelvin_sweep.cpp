// kelvin-sweep: what temperature does to a text's distributions, over the whole line of temperatures from one
// forward pass.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <optional>
#include <utility>

#include "engine/platform/available_processors.h"
#include "loaders/tokenizer/prompt.h"
#include "tools/lab/melting/melting_flags.h"
#include "tools/lab/melting/melting_report.h"
#include "tools/lab/melting/melting_work.h"
#include "tools/lab/reading/lab_reading.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/lab/reading/raw_text.h"
#include "tools/lab/sweep/sweep_features.h"
#include "tools/lab/sweep/sweep_report.h"
#include "tools/options/model_origin.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/output_file.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  TextFlags text;
  RawTextFlags raw;
  std::optional<std::string> next, csv, svg, html;
  std::vector<double> betas;  // empty: the usual ones
  ReadingOptions reading;
  int draws = 0;
  MeltingFlags melting;
  WorkFlags work;
  std::optional<std::uint64_t> seed;
  bool json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-sweep",
              "perplexity, entropy S, energy E, free energy F, heat capacity C and more over the whole line "
              "of temperatures");
  options.model.add_to(flags);
  options.reading.add_to(flags);
  options.text.add_to(flags);
  flags.option("next", "TEXT", "only the token that would follow this text", to(options.next));
  options.raw.add_to(flags);
  flags.group("temperatures");
  flags.option("temps", "LIST",
               "such as 0.1,1,inf,-2 or 0.05:20:40 (log-spaced); default: both signs, 0.05 to 20, and the "
               "ends (the table shows some of them)",
               [&](const std::string& value) { options.betas = betas_of_temperatures(value); });
  flags.option("betas", "LIST", "the same as beta = 1/T; ranges are evenly spaced and may cross 0",
               [&](const std::string& value) { options.betas = betas_of(value); });
  flags.option("draws", "N",
               "how many different tokens N draws give after the last token, at each temperature",
               to(options.draws, 0, 100000));
  flags.option("seed", "N", "of the draws (default 0)", to(options.seed));
  options.melting.add_to(flags);
  options.work.add_to(flags);
  flags.group("output");
  flags.option("csv", "FILE", "the table as CSV", to(options.csv));
  flags.option("svg", "FILE", "the phase picture", to(options.svg));
  flags.option("html", "FILE", "both as one page", to(options.html));
  flags.toggle("json", "JSON lines, one a temperature, instead of the table", options.json);
  flags.examples({"kelvin-sweep --text \"Once upon a time, there was a brave fox.\" --temps 0.5,1,2,inf,-1",
                  "kelvin-sweep --next \"Once upon a time\" --temps 0.3,1,3 --draws 100",
                  "kelvin-sweep --generate --text \"Once upon a time\" --draws 8 --n 32 --temps 0.6,1,1.6"});
  flags.common({"model", "weights", "file", "text", "ids", "next", "logits", "vocab", "temps", "betas",
                "draws", "generate", "csv", "svg", "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  if (options.melting.tokens && !options.melting.asked)
    throw UsageError("--n says how long texts of --generate are");
  if (options.melting.asked) {
    if (options.next || options.raw.given() || options.csv || options.reading.overlap_given())
      throw UsageError("--generate goes on with a text: no --next, --logits, --csv or --overlap beside it");
    return true;
  }
  if (options.next && options.text.given())
    throw UsageError("--next stands for the text: no --file, --text or --ids beside it");
  if (options.raw.given() && (options.next || options.text.file || options.text.text || options.draws > 0))
    throw UsageError("--logits goes with --ids, not with a text, --next or --draws");
  if ((options.raw.given() || options.next || options.work.merges()) && options.reading.overlap_given())
    throw UsageError("--overlap says how a model reads a long text; there is none to read here");
  if (options.work.given() && (options.next || options.raw.given() || options.draws > 0))
    throw UsageError("--part, --shard and --merge go with a text, not with --next, --logits or --draws");
  if (options.work.merges() && options.text.given())
    throw UsageError("--merge stands for the text: no --file, --text or --ids beside it");
  return true;
}

// The distribution after the last token as one more step, at which nothing came.
std::vector<float> last_row(OpenModel& model, const std::vector<int>& ids, const std::atomic<bool>* stop) {
  const std::size_t context = static_cast<std::size_t>(model.context);
  const std::span<const int> seen = std::span(ids).last(std::min(ids.size(), context));
  Sequence sequence(*model.model, static_cast<int>(seen.size()));
  std::vector<float> row;
  run_ids(*model.model, sequence, seen, Want::last, stop,
          [&](int, int, std::span<const float> logits) { row.assign(logits.begin(), logits.end()); });
  return row;
}

// What is swept, and the row that --draws draws from (empty where nothing is drawn).
struct Swept {
  LabText text;
  std::vector<float> row;
  std::size_t position = 0;
};

// Nothing where only a shard of the text was read.
std::optional<Swept> read_swept(const Options& options, OpenModel& model, const std::atomic<bool>* stop) {
  Swept swept;
  if (options.next) {
    const std::vector<int> ids = encode_prompt(model.text, *options.next);
    if (ids.empty()) throw UsageError("--next: the text is empty and the tokenizer puts nothing before it");
    if (ids.size() > static_cast<std::size_t>(model.context))
      throw UsageError("--next: " + std::to_string(ids.size()) + " tokens found, the context holds " +
                       std::to_string(model.context));
    swept.row = last_row(model, ids, stop);
    swept.position = ids.size();
    swept.text.origin = origin_of(model);
    swept.text.name = "the token after --next";
    swept.text.steps.push_back({DensityOfStates(swept.row), std::numeric_limits<double>::quiet_NaN()});
    return swept;
  }
  const LabInput input = options.text.read(model);
  ReadingOptions reading = options.reading;
  reading.stop = stop;
  auto text = read_lab_text(model, input, reading, options.work);
  if (!text) return std::nullopt;
  swept.text = std::move(*text);
  const std::vector<int>& last = input.documents.back();
  if (options.draws > 0) swept.row = last_row(model, last, stop);
  swept.position = last.size();
  return swept;
}

int generate(const Options& options, Provenance made) {
  MeltingTexts texts;
  if (options.work.merges()) {
    texts = merge_melting_texts(options.work.merged);
  } else {
    OpenModel model = open_model(options.model);
    const LabInput input = options.text.read(model);
    if (input.documents.size() != 1 || !input.given.empty())
      throw UsageError("--generate: one text to go on with expected, " +
                       std::to_string(input.documents.size()) +
                       (input.given.empty() ? " documents found" : " draws found"));
    MeltingSetting setting{options.betas, {}, options.seed.value_or(0)};
    if (options.draws > 0) setting.texts = options.draws;
    auto drawn = melting_texts(model, input.documents.front(), options.melting, setting, options.work);
    if (!drawn) return 0;
    texts = std::move(*drawn);
    made.set_seed(setting.seed, false);
  }
  made.model = texts.origin;
  const MeltingReport report = melting_report(texts);
  if (options.svg) write_file(*options.svg, svg_file(melting_plots(report), 2, provenance_svg(made)));
  if (options.html) write_file(*options.html, melting_html(report, made));
  std::cout << (options.json ? with_provenance(melting_json(report), made)
                             : melting_table(report) + provenance_line(made));
  return 0;
}

int sweep_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  if (options.melting.asked) return generate(options, provenance_of(argc, argv));
  Swept swept;
  if (options.raw.given()) {
    swept.text = options.raw.read(options.text.ids);
  } else if (options.work.merges()) {
    swept.text = merge_lab_text(options.work.merged);
  } else {
    OpenModel model = open_model(options.model);
    const Interrupt interrupt;
    auto read = read_swept(options, model, interrupt.flag());
    if (!read) return 0;
    swept = std::move(*read);
  }
  const bool usual = options.betas.empty();
  const std::vector<double> betas = usual ? default_betas() : options.betas;
  const int threads = options.model.threads > 0 ? options.model.threads : available_processors();
  std::optional<ProgressBar> bar(std::in_place, "temperatures");
  SweepReport report{swept.text.name, swept.text.steps.size(), sweep(swept.text.steps, betas, threads),
                     usual ? short_list_of_betas() : betas, sweep_features(swept.text.steps, threads)};
  if (options.draws > 0)
    for (SweepPoint& point : report.points)
      point.distinct =
          distinct_draws(swept.row, point.beta, options.draws, options.seed.value_or(0), swept.position);
  bar.reset();
  Provenance made = provenance_of(argc, argv);
  made.model = swept.text.origin;
  if (options.draws > 0) made.set_seed(options.seed.value_or(0), false);
  if (options.csv) write_file(*options.csv, provenance_csv(made) + sweep_csv(report));
  if (options.svg) write_file(*options.svg, svg_file(phase_picture(report), 2, provenance_svg(made)));
  if (options.html) write_file(*options.html, sweep_html(report, made));
  std::cout << (options.json ? with_provenance(sweep_json(report), made)
                             : sweep_table(report) + provenance_line(made));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::sweep_main); }
