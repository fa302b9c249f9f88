// kelvin-thermometer: which temperature does a text have under a model?
#include <iostream>
#include <optional>
#include <ostream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tools/lab/forensics/forensics.h"
#include "tools/lab/forensics/ranked_step.h"
#include "tools/lab/reading/lab_reading.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/lab/reading/raw_text.h"
#include "tools/lab/thermometer/lab_fit.h"
#include "tools/lab/thermometer/thermometer_page.h"
#include "tools/lab/thermometer/thermometer_report.h"
#include "tools/lab/thermometer/thermometer_words.h"
#include "tools/options/flags.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_origin.h"
#include "tools/options/run_main.h"
#include "tools/output/output_file.h"
#include "tools/output/wrapped_text.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  TextFlags text;
  std::vector<std::string> compared;
  RawTextFlags raw;
  ReadingOptions reading;
  WorkFlags work;
  std::optional<std::string> svg, html;
  ThermometerFormat format;
  bool infer = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-thermometer",
              "which temperature does a text have under a model: the T* = 1/beta* that makes its tokens "
              "likeliest, with error bars, "
              "perplexity and calibration");
  options.model.add_to(flags);
  options.reading.add_to(flags);
  options.text.add_to(flags);
  flags.option("skip", "N", "tokens at the front that are read but not judged, such as a prompt (and BOS)",
               to(options.reading.skip, 0));
  flags.list("compare", "A B", "two text files, and a test whether their temperatures differ",
             options.compared);
  flags.toggle("infer",
               "with what was the text sampled: temperature alone, or with top-k, top-p or min-p? Which cuts "
               "does a token "
               "exclude outright, which are likeliest, and does one temperature fit at all",
               options.infer);
  options.raw.add_to(flags);
  options.work.add_to(flags);
  flags.group("output");
  flags.option("window", "N",
               "also the temperature of every window of N tokens, each half over the one before",
               to(options.format.window, 1));
  flags.toggle("tokens", "also every token's own temperature, surprise and rank", options.format.tokens);
  flags.toggle("equal-width", "reliability in bins of equal width instead of equal mass",
               options.format.equal_width);
  flags.option("svg", "FILE", "curves: cost over T, reliability, the temperature along the text",
               to(options.svg));
  flags.option("html", "FILE",
               "a page: curves, and the text with every token coloured by its own temperature; with "
               "--compare, both texts "
               "beside each other",
               to(options.html));
  flags.toggle("json", "JSON lines; the last one is the temperature", options.format.json);
  flags.examples({"kelvin-thermometer --text \"Once upon a time, there was a brave fox.\"",
                  "kelvin-generate -p \"Once upon a time\" --sample temp=1.5 -n 50 --draws 4 --json | "
                  "kelvin-thermometer -",
                  "kelvin-thermometer --text \"Once upon a time, there was a brave fox.\" --html text.html"});
  flags.common({"model", "weights", "file", "text", "ids", "skip", "compare", "logits", "vocab", "part",
                "window", "tokens", "svg", "html", "json"});
  if (!flags.parse(argc, argv)) return false;
  const bool compares = !options.compared.empty();
  if (compares && options.compared.size() != 2)
    throw UsageError("--compare: two files expected, " + std::to_string(options.compared.size()) + " found");
  if (compares && (options.text.given() || options.raw.given()))
    throw UsageError("--compare stands for the text: no --file, --text, --ids or --logits beside it");
  if (options.infer && (compares || options.raw.given() || options.work.given() || options.svg ||
                        options.html || options.format.window || options.format.tokens))
    throw UsageError("--infer goes with one text, --skip and --json alone");
  if (options.raw.given() && (options.text.file || options.text.text))
    throw UsageError("--logits goes with --ids, not with a text");
  if ((options.raw.given() || options.work.merges()) &&
      (options.reading.skip > 0 || options.reading.overlap_given()))
    throw UsageError("--skip and --overlap say how a model reads a text; here it was read before");
  if (options.work.given() && (compares || options.raw.given()))
    throw UsageError("--part, --shard and --merge go with one text, not with --compare or --logits");
  if (options.work.merges() && options.text.given())
    throw UsageError("--merge stands for the text: no --file, --text or --ids beside it");
  return true;
}

// A token that could not come is an error, not a temperature.
FittedText fitted(const LabText& text, const ThermometerFormat& format) {
  std::optional<ProgressBar> bar(std::in_place, "fitting");
  const TemperatureFit fit = fit_temperature(text.steps);
  bar.reset();
  if (fit.kind == FitKind::empty) throw UsageError(text.name + ": there is no token to judge");
  if (fit.kind == FitKind::forbidden) {
    const TokenFacts& facts = text.facts[fit.forbidden_step];
    throw UsageError(text.name + ": step " + std::to_string(fit.forbidden_step) + ": token " +
                     std::to_string(facts.id) +
                     " is impossible there (its logit is -inf); no temperature explains it");
  }
  return {text, fit, text_calibration(text, fit.beta, format)};
}

void write_svg(const Options& options, std::span<const FittedText> texts, const Provenance& made) {
  if (options.svg)
    write_file(*options.svg, svg_file(thermometer_plots(texts, options.format), 2, provenance_svg(made)));
}

std::string paragraph(const std::string& sentences) {
  std::string text = "\n  ";
  append_wrapped(text, sentences, 2, 2, 100);
  return text;
}

// Reports on the text or the texts that the options name, and returns what that means in a sentence; nothing if only a
// shard of one was read.
std::optional<std::string> report(std::ostream& out, const Options& options, Provenance& made) {
  const auto measure_one = [&](const LabText& text, const Tokenizer* tokenizer) {
    made.model = text.origin;
    const FittedText of = fitted(text, options.format);
    write_svg(options, std::span(&of, 1), made);
    if (options.html) write_file(*options.html, thermometer_html(of, tokenizer, options.format, made));
    report_thermometer(out, text, of.fit, of.calibration, tokenizer, options.format);
    return temperature_in_words(text, of.fit) + " " + calibration_in_words(of.calibration);
  };
  if (options.raw.given()) return measure_one(options.raw.read(options.text.ids), nullptr);
  if (options.work.merges()) {
    const LabText text = merge_lab_text(options.work.merged);
    const LoadedTokenizer tokenizer = load_tokenizer(model_folder(options.model.folder));
    return measure_one(text, &tokenizer.tokenizer);
  }
  OpenModel model = open_model(options.model);
  // From the last reading on Ctrl-C ends the process, as there is nothing to save.
  std::optional<Interrupt> interrupt(std::in_place);
  ReadingOptions reading = options.reading;
  reading.stop = Interrupt::flag();
  if (options.compared.empty()) {
    const auto text = read_lab_text(model, options.text.read(model), reading, options.work);
    interrupt.reset();
    if (!text) return std::nullopt;
    return measure_one(*text, &model.tokenizer());
  }
  const LabInput inputs[] = {lab_input_file(model, options.compared[0], options.text.separator),
                             lab_input_file(model, options.compared[1], options.text.separator)};
  const LabText first = *read_lab_text(model, inputs[0], reading),
                second = *read_lab_text(model, inputs[1], reading);
  interrupt.reset();
  made.model = first.origin;
  const FittedText both[] = {fitted(first, options.format), fitted(second, options.format)};
  write_svg(options, both, made);
  if (options.html) write_file(*options.html, comparison_html(both, options.format, made));
  const auto tell = [&](const FittedText& of) {
    report_thermometer(out, of.text, of.fit, of.calibration, &model.tokenizer(), options.format);
    if (!options.format.json) out << paragraph(temperature_in_words(of.text, of.fit));
  };
  tell(both[0]);
  if (!options.format.json) out << "\n";
  tell(both[1]);
  const FitComparison compared = compare_fits(first, second);
  report_comparison(out, first, second, compared, options.format.json);
  return comparison_in_words(first.name, second.name, compared);
}

int infer(const Options& options, Provenance made) {
  OpenModel model = open_model(options.model);
  const Interrupt interrupt;
  const LabInput input = options.text.read(model);
  const int overlap = options.reading.overlap < 0 ? model.context / 2 : options.reading.overlap;
  const auto& bos = model.text.info.bos;
  const std::vector<Window> windows =
      windows_of(input, bos ? bos->id : std::nullopt, model.context, overlap, options.reading.skip);
  std::size_t total = 0;
  for (const Window& window : windows) total += window.judged_tokens();
  std::vector<RankedStep> steps;
  std::optional<ProgressBar> bar(std::in_place, "reading " + input.name, "tok");
  for (const Window& window : windows)
    read_window(
        *model.model, window,
        {.stop = interrupt.flag(), .sink = [&](std::span<const float> logits, int position, int id) {
           try {
             steps.emplace_back(logits, id);
           } catch (const std::invalid_argument& error) {
             throw UsageError(input.name + ": position " + std::to_string(position) + ": " + error.what());
           }
           bar->update(static_cast<double>(steps.size()), static_cast<double>(total));
         }});
  if (steps.empty()) throw UsageError(input.name + ": there is no token to judge");
  bar.emplace("fitting");
  const Forensics found = infer_sampler(steps, 0, model.model->threads());
  bar.reset();
  made.model = origin_of(model);
  std::cout << (options.format.json
                    ? with_provenance(forensics_json(found, steps.size()), made)
                    : input.name + ": " + std::to_string(steps.size()) + " tokens judged\n\n" +
                          forensics_table(found) + provenance_line(made) + paragraph(in_words(found)));
  return 0;
}

int thermometer_main(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  Provenance made = provenance_of(argc, argv);
  if (options.infer) return infer(options, std::move(made));
  std::ostringstream out;
  const auto in_words = report(out, options, made);
  if (!in_words) return 0;
  std::cout << (options.format.json ? with_provenance(out.str(), made)
                                    : out.str() + provenance_line(made) + paragraph(*in_words));
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::thermometer_main); }
