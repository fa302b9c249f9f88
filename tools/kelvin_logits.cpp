// kelvin-logits: the logits of every position of a text, raw or explained; and whether they are right.
#include <iostream>
#include <optional>

#include "engine/weights/config.h"
#include "loaders/json/json_writer.h"
#include "loaders/tokenizer/prompt.h"
#include "tools/generation/generate.h"
#include "tools/inspect/check_report.h"
#include "tools/inspect/logits_pass.h"
#include "tools/inspect/logits_report.h"
#include "tools/inspect/page/logits_page_builder.h"
#include "tools/options/flags.h"
#include "tools/options/generation_defaults.h"
#include "tools/options/model_options.h"
#include "tools/options/prompt_options.h"
#include "tools/options/run_main.h"
#include "tools/options/sampling_options.h"
#include "tools/output/npy_file.h"
#include "tools/output/output_file.h"
#include "tools/output/raw_logits.h"
#include "tools/output/sha256.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  PromptOptions prompt;
  LogitsReport::Format format;
  SamplingOptions sampling;
  std::optional<std::string> user, system;
  std::optional<int> answer;  // most tokens to draw
  std::optional<std::string> html, raw, npy, lens_npy, check;
  int html_from = 0;
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
  flags.option("user", "TEXT", "a chat turn: the text as a user's message, in the model's own template",
               to(user));
  flags.option("system", "TEXT", "the system's message before --user", to(system));
  flags.group("answer");
  flags.option("n", "N",
               "most tokens to draw after the prompt, which are then explained like it (default: 0; after "
               "--user max_new_tokens of generation_config.json, or 256)",
               to(answer));
  flags.group("output");
  flags.option(
      "html", "FILE",
      "a report that opens in a browser: tokens coloured by what the model thought of them, and behind "
      "each both ends of the distribution, the chain stage by stage, other temperatures and a slider",
      to(html));
  flags.option("html-from", "N", "the first token whose step the report holds in detail (default 0)",
               to(html_from));
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
  sampling.add_to(flags);
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

std::vector<int> prompt_of(const Options& options, const OpenModel& model) {
  const PromptOptions& prompt = options.prompt;
  if (!options.user) {
    if (options.system) throw UsageError("--system says something about --user only");
    return prompt.resolve(model);
  }
  if (prompt.text || prompt.file || !prompt.ids.empty())
    throw UsageError("--user excludes --prompt, --prompt-file and --ids");
  return encode_conversation(model.text, one_turn(options.system, *options.user));
}

// Draws the answer, if one is asked for, and appends it to the ids.
void append_answer(const Options& options, OpenModel& model, const Chain& chain, std::uint64_t seed,
                   std::vector<int>& ids) {
  const int most =
      options.user ? max_tokens(options.answer, model.generation, 256).count : options.answer.value_or(0);
  if (most == 0 && !options.user) return;
  Sequence sequence(*model.model, model.context);
  ProgressBar bar("answer", "tok");
  ContinuationRequest request;
  request.prompt = ids;
  request.chain = &chain;
  request.seed = seed;
  request.max_tokens = most;
  request.stops = model.stops;
  const Continuation answer = continue_prompt(
      *model.model, sequence, model.tokenizer(), request,
      {.chunk = options.chunk, .on_prompt = [&](int done, int total) { bar.update(done, total); }});
  ids.insert(ids.end(), answer.ids.begin(), answer.ids.end());
}

int explain_main(Options& options) {
  OpenModel model = open_model(options.model);
  std::vector<int> ids = prompt_of(options, model);
  const std::size_t n_prompt = ids.size();
  if (options.model.context && n_prompt > static_cast<std::size_t>(*options.model.context))
    throw UsageError("the prompt has " + std::to_string(n_prompt) + " tokens, --ctx " +
                     std::to_string(*options.model.context) + " holds fewer");
  std::optional<OutputFile> html;
  if (options.html) html.emplace(*options.html);

  apply_generation_config(options.sampling.settings, model.generation);
  if (!options.prompt.ids.empty())
    options.sampling.settings.set("padding", "draw", Source::standard, "--ids");
  const Chain chain = options.sampling.settings.chain(model.vocabulary());
  const std::uint64_t seed = options.sampling.seed ? *options.sampling.seed : random_seed();
  append_answer(options, model, chain, seed, ids);
  const std::size_t positions = ids.size();
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
  const bool explains = (arrays.empty() && !lens_array && !html) || options.format.json;
  std::optional<LogitsPageBuilder> page;
  if (html)
    page.emplace(model.tokenizer(), chain,
                 LogitsPageTitle{model.name(), chain.text(), seed, n_prompt, vocabulary}, ids,
                 options.html_from);

  LogitsReport report(std::cout, model.tokenizer(), options.format);
  Sha256 hash;
  ProgressBar bar("forward", "tok");
  LogitsPassOptions pass;
  pass.chunk = options.chunk;
  pass.lens = options.lens || options.lens_npy;
  pass.progress = [&](int done, int total) { bar.update(done, total); };
  pass_over(*model.model, ids, pass, [&](const PositionLogits& at) {
    hash.update(at.logits);
    for (const auto& array : arrays) array->add(at.logits);
    if (lens_array) lens_array->add(at.lens);
    if (page) page->add(at);
    if (explains)
      report.add(at.position, at.id, at.logits, at.next, options.lens ? at.lens : std::span<const float>());
  });
  bar.finish();
  for (const auto& array : arrays) array->commit();
  if (lens_array) lens_array->commit();
  if (html) {
    html->write(page->html());
    html->commit();
  }
  report.finish(static_cast<int>(positions), static_cast<int>(vocabulary), hash.hex());
  const bool drew = positions > n_prompt || html;
  if (drew && !options.sampling.seed) std::cerr << "seed " << seed << "\n";
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
