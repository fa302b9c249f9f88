#include "tools/options/prompt_options.h"

#include "tools/output/read_file.h"

#include "engine/weights/config.h"
#include "loaders/tokenizer/prompt.h"

namespace kelvin {

void PromptOptions::add_to(Flags& flags) {
  flags.group("prompt (one of these)");
  flags.option("prompt", "TEXT", "a text; BOS is put before it if the tokenizer does so", to(text));
  flags.option("prompt-file", "FILE", "the same from a file, - for stdin", to(file));
  // As the tools that judge texts say it.
  flags.alias("text", "prompt");
  flags.alias("p", "prompt");
  flags.alias("file", "prompt-file");
  flags.operand("FILE", "the same as --prompt-file FILE", to(file));
  flags.option("ids", "LIST", "token ids such as 1,2,3, taken as they are", to(ids));
}

std::vector<int> PromptOptions::resolve(const OpenModel& model) const {
  const int given = (text ? 1 : 0) + (file ? 1 : 0) + (ids.empty() ? 0 : 1);
  if (given == 0) throw UsageError("a prompt is missing: --prompt TEXT, --prompt-file FILE or --ids LIST");
  if (given > 1) throw UsageError("--prompt, --prompt-file and --ids exclude each other");
  if (ids.empty()) {
    std::vector<int> encoded = encode_prompt(model.text, text ? *text : read_file(*file));
    if (encoded.empty()) throw UsageError("the prompt is empty and the tokenizer puts nothing before it");
    return encoded;
  }
  require_ids("--ids", ids, static_cast<std::size_t>(model.model->config().vocab_size));
  return ids;
}

}  // namespace kelvin
