#include "tools/options/prompt_options.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "loaders/tokenizer/prompt.h"

namespace kelvin {

void PromptOptions::add_to(Flags& flags) {
  flags.group("prompt (one of these)");
  flags.option("prompt", "TEXT", "a text; BOS is put before it if the tokenizer does so", to(text));
  flags.option("prompt-file", "FILE", "the same from a file, - for stdin", to(file));
  // As the tools that judge texts say it.
  flags.alias("text", "prompt");
  flags.alias("file", "prompt-file");
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
  const int vocabulary = model.model->config().vocab_size;
  for (const int id : ids)
    if (id >= vocabulary)
      throw UsageError("--ids: ids from 0 to " + std::to_string(vocabulary - 1) + " expected, " +
                       std::to_string(id) + " found");
  return ids;
}

std::string read_file(const std::string& path) {
  if (path == "-") {
    // By the block: byte by byte, std::cin takes longer than the tokenizer.
    std::string text;
    std::array<char, 1 << 16> block;
    while (std::cin.read(block.data(), block.size()), std::cin.gcount() > 0)
      text.append(block.data(), static_cast<std::size_t>(std::cin.gcount()));
    return text;
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw UsageError("cannot read " + path + ": a file expected, a folder found");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError("cannot read " + path + ": " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace kelvin
