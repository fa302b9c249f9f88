#include "loaders/gguf/gguf_folder.h"

#include "loaders/gguf/gguf_config.h"

namespace kelvin {

std::vector<std::pair<std::string, std::string>> gguf_folder_files(const GgufModel& model) {
  const GgufKeys keys = model.keys();
  const auto lines = [](const JsonDocument& document) { return std::string(document.text()) + "\n"; };
  std::vector<std::pair<std::string, std::string>> files = {
      {"config.json", lines(gguf_config(keys, gguf_family(keys)))},
      {gguf_tokenizer_name, model.main().without_tensors()}};
  if (const auto generation = gguf_generation_config(model.main()))
    files.push_back({"generation_config.json", lines(*generation)});
  return files;
}

}  // namespace kelvin
