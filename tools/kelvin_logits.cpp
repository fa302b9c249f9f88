// kelvin-logits: the logits of every position of a text, raw or explained.
#include <iostream>
#include <optional>

#include "engine/sha256.h"
#include "tools/options/flags.h"
#include "tools/options/model_options.h"
#include "tools/options/prompt_options.h"
#include "tools/options/run_main.h"
#include "tools/report/logits_report.h"
#include "tools/report/output_file.h"
#include "tools/report/raw_logits.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

int logits_main(int argc, char** argv) {
  ModelFlags model_flags;
  PromptOptions prompt;
  LogitsReport::Format format;
  std::optional<std::string> raw;
  int chunk = 0;
  Flags flags(
      "kelvin-logits",
      "what a model thinks at each position of a text: the token, its probability and rank given what stands "
      "before it, the entropy of what follows, the most and the least likely next tokens");
  model_flags.add_to(flags);
  flags.option("chunk", "N", "prompt tokens in one pass; the output does not depend on it",
               to(chunk, 1, 1 << 20));
  prompt.add_to(flags);
  flags.group("output");
  flags.option("raw", "FILE",
               "write all logits, float32 little-endian, (positions, vocabulary); nothing else but the hash "
               "is printed",
               to(raw));
  flags.option("top", "N", "how many of the most likely next tokens (default 5)", to(format.top, 0, 1 << 20));
  flags.option("bottom", "N", "how many of the least likely next tokens (default 5)",
               to(format.bottom, 0, 1 << 20));
  flags.toggle("json", "JSON lines, one a position and one at the end", format.json);
  if (!flags.parse(argc, argv)) return 0;

  OpenModel model = open_model(model_flags);
  const std::vector<int> ids = prompt.resolve(model);
  const int positions = static_cast<int>(ids.size());
  if (model_flags.context && positions > *model_flags.context)
    throw UsageError("the prompt has " + std::to_string(positions) + " tokens, --ctx " +
                     std::to_string(*model_flags.context) + " holds fewer");

  std::optional<OutputFile> file;
  if (raw) file.emplace(*raw);
  const bool explains = !raw || format.json;
  LogitsReport report(std::cout, model.tokenizer(), format);
  Sha256 hash;
  ProgressBar bar("forward", "tok");
  ForwardOptions options;
  options.chunk = chunk;
  options.progress = [&](int done, int total) { bar.update(done, total); };
  Sequence sequence(*model.model, positions);
  const Feed feed{&sequence, ids, Want::all};
  model.model->forward(
      std::span(&feed, 1),
      [&](int, int position, std::span<const float> logits) {
        hash.update(logits);
        if (file) file->write(raw_float32(logits));
        if (!explains) return;
        const auto at = static_cast<std::size_t>(position);
        report.add(position, ids[at], logits,
                   at + 1 < ids.size() ? std::optional(ids[at + 1]) : std::nullopt);
      },
      options);
  bar.finish();
  if (file) file->commit();
  report.finish(positions, model.model->config().vocab_size, hash.hex());
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::logits_main); }
