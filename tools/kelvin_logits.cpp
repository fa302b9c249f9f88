// kelvin-logits: the logits of every position of a text, explained (tools/inspect/explanation.h) or as arrays
// (array_dump.h); and whether they are right (check_run.h).
#include <iostream>

#include "engine/weights/config.h"
#include "tools/inspect/array_dump.h"
#include "tools/inspect/check_run.h"
#include "tools/inspect/explanation.h"
#include "tools/inspect/logits_pass.h"
#include "tools/inspect/logits_text.h"
#include "tools/options/run_main.h"
#include "tools/output/sha256.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

struct Options {
  ModelFlags model;
  LogitsTextFlags text;
  ExplainFlags explain;
  DumpFlags dump;
  CheckFlags check;

  void add_to(Flags& flags);
};

void Options::add_to(Flags& flags) {
  model.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(text.chunk, 1, 1 << 20));
  text.add_to(flags);
  explain.add_to(flags);
  dump.add_to(flags);
  text.sampling.add_to(flags);
  check.add_to(flags);
}

// Explains and dumps in one pass over the text.
int look_at_text(Options& options) {
  OpenModel model = open_model(options.model);
  Explanation explanation(std::cout, model, options.explain, options.dump.given());
  const LogitsText text = options.text.read(model, options.model.context);
  explanation.begin(text);
  const ModelConfig& config = model.model->config();
  ArrayDump dump(options.dump, text.ids.size(), static_cast<std::size_t>(config.n_layers) + 1,
                 static_cast<std::size_t>(config.vocab_size));

  Sha256 hash;
  ProgressBar bar("forward", "tok");
  LogitsPassOptions pass;
  pass.chunk = options.text.chunk;
  pass.lens = options.explain.lens || options.dump.lens_npy;
  pass.progress = [&](int done, int total) { bar.update(done, total); };
  pass_over(*model.model, text.ids, pass, [&](const PositionLogits& at) {
    hash.update(at.logits);
    dump.add(at);
    explanation.add(at);
  });
  bar.finish();
  dump.commit();
  explanation.finish(hash.hex());
  const bool drew = text.ids.size() > text.n_prompt || options.explain.html;
  if (drew && !options.text.sampling.seed) std::cerr << "seed " << text.seed << "\n";
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
  if (options.check.golden)
    return run_check(std::cout, options.model, options.check, options.explain.format.json);
  return look_at_text(options);
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::logits_main); }
