// kelvin-logits: the logits of every position of a text, raw or explained; and whether they are right.
#include <iostream>
#include <optional>

#include "engine/sha256.h"
#include "loaders/json_writer.h"
#include "tools/lab/logits_pass.h"
#include "tools/options/flags.h"
#include "tools/options/model_options.h"
#include "tools/options/prompt_options.h"
#include "tools/options/run_main.h"
#include "tools/report/check_report.h"
#include "tools/report/logits_report.h"
#include "tools/report/npy_file.h"
#include "tools/report/output_file.h"
#include "tools/report/raw_logits.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  PromptOptions prompt;
  LogitsReport::Format format;
  std::optional<std::string> raw, npy, lens_npy, check;
  double tolerance = -1;
  bool lens = false;
  int chunk = 0;

  void add_to(Flags& flags);
};

void Options::add_to(Flags& flags) {
  model.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(chunk, 1, 1 << 20));
  prompt.add_to(flags);
  flags.group("output");
  flags.option("top", "N", "how many of the most likely next tokens (default 5)", to(format.top, 0, 1 << 20));
  flags.option("bottom", "N", "how many of the least likely next tokens (default 5)",
               to(format.bottom, 0, 1 << 20));
  flags.toggle("lens",
               "what every layer would say if the model ended there: its hidden state through the final norm "
               "and the head, how far that is from what the model says (KL), and its best tokens",
               lens);
  flags.toggle("json", "JSON lines, one a position and one at the end", format.json);
  flags.group("arrays (with one of these, nothing but the hash is printed)");
  flags.option("raw", "FILE", "all logits, float32 little-endian, (positions, vocabulary)", to(raw));
  flags.option("npy", "FILE", "the same as NumPy reads it", to(npy));
  flags.option("lens-npy", "FILE", "logits of every layer, (positions, layers + 1, vocabulary); 0: embedding",
               to(lens_npy));
  flags.group("proof");
  flags.option(
      "check", "GOLDEN",
      "compare with a dump made by another implementation (a folder with manifest.json): exit status "
      "1 where logits, -ln p, argmax or hidden states differ, and the first layer that does",
      to(check));
  flags.option("tolerance", "X", "for --check: of logits, absolute (default: the dump's own, or 0.001)",
               to(tolerance, 0.0, 1e30));
}

// An array that grows row by row, in a file with or without a header.
class ArrayFile {
 public:
  ArrayFile(const std::string& path, const std::string& header) : file_(path) { file_.write(header); }
  void add(std::span<const float> row) { file_.write(raw_float32(row)); }
  void commit() { file_.commit(); }

 private:
  OutputFile file_;
};

int check_main(const Options& options) {
  const std::unique_ptr<Model> model = open_model_alone(options.model);
  const ModelConfig& config = model->config();
  const GoldenDump dump = read_golden(*options.check, {static_cast<std::size_t>(config.vocab_size),
                                                       static_cast<std::size_t>(config.hidden_size),
                                                       static_cast<std::size_t>(config.n_layers)});
  const double tolerance =
      options.tolerance >= 0 ? options.tolerance : dump.tolerance.value_or(standard_check_tolerance);
  bool agrees = true;
  double largest = 0;
  for (const GoldenSequence& golden : dump.sequences) {
    ProgressBar bar("forward", "tok");
    const SequenceCheck check =
        check_sequence(*model, golden, tolerance, [&](int done, int total) { bar.update(done, total); });
    bar.finish();
    agrees = agrees && check.agrees;
    largest = std::max(largest, check.logits_error);
    std::cout << (options.format.json ? check_json(check) : check_text(check)) << std::flush;
  }
  JsonWriter json;
  json.begin_object().member("agrees", agrees).member("max_logits_error", largest);
  json.member("tolerance", tolerance).end_object();
  if (options.format.json)
    std::cout << json.text() << "\n";
  else
    std::cout << (agrees ? "the model agrees with the dump" : "the model DIFFERS from the dump")
              << " (tolerance " << tolerance << ")\n";
  return agrees ? 0 : 1;
}

int explain_main(const Options& options) {
  OpenModel model = open_model(options.model);
  const std::vector<int> ids = options.prompt.resolve(model);
  const std::size_t positions = ids.size();
  if (options.model.context && positions > static_cast<std::size_t>(*options.model.context))
    throw UsageError("the prompt has " + std::to_string(positions) + " tokens, --ctx " +
                     std::to_string(*options.model.context) + " holds fewer");
  const auto vocabulary = static_cast<std::size_t>(model.model->config().vocab_size);
  const auto stages = static_cast<std::size_t>(model.model->config().n_layers) + 1;

  std::vector<std::unique_ptr<ArrayFile>> arrays;
  if (options.raw) arrays.push_back(std::make_unique<ArrayFile>(*options.raw, ""));
  if (options.npy)
    arrays.push_back(
        std::make_unique<ArrayFile>(*options.npy, npy_header(std::vector{positions, vocabulary})));
  std::optional<ArrayFile> lens_array;
  if (options.lens_npy)
    lens_array.emplace(*options.lens_npy, npy_header(std::vector{positions, stages, vocabulary}));
  const bool explains = (arrays.empty() && !lens_array) || options.format.json;

  LogitsReport report(std::cout, model.tokenizer(), options.format);
  Sha256 hash;
  ProgressBar bar("forward", "tok");
  LogitsPassOptions pass;
  pass.chunk = options.chunk;
  pass.lens = options.lens || lens_array;
  pass.progress = [&](int done, int total) { bar.update(done, total); };
  pass_over(*model.model, ids, pass, [&](const PositionLogits& at) {
    hash.update(at.logits);
    for (const auto& array : arrays) array->add(at.logits);
    if (lens_array) lens_array->add(at.lens);
    if (explains)
      report.add(at.position, at.id, at.logits, at.next, options.lens ? at.lens : std::span<const float>());
  });
  bar.finish();
  for (const auto& array : arrays) array->commit();
  if (lens_array) lens_array->commit();
  report.finish(static_cast<int>(positions), static_cast<int>(vocabulary), hash.hex());
  return 0;
}

int logits_main(int argc, char** argv) {
  Options options;
  Flags flags(
      "kelvin-logits",
      "what a model thinks at each position of a text: the token, its probability and rank given what stands "
      "before it, the entropy of what follows, the most and the least likely next tokens");
  options.add_to(flags);
  if (!flags.parse(argc, argv)) return 0;
  return options.check ? check_main(options) : explain_main(options);
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::logits_main); }
