#include "loaders/model/model_folder.h"

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_config.h"
#include "loaders/gguf/gguf_model.h"
#include "loaders/json/json_file.h"
#include "loaders/model/hf_config.h"

namespace kelvin {
namespace {

constexpr std::size_t config_limit = std::size_t{16} << 20;  // bytes; real ones have a few thousand

void check_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const auto type = std::filesystem::status(folder, error).type();
  if (type == std::filesystem::file_type::directory) return;
  const std::string expected = "a model folder (with config.json) or a GGUF file expected";
  if (type == std::filesystem::file_type::not_found)
    throw LoadError(path_text(folder), expected + ", nothing found");
  throw LoadError(path_text(folder), expected + ": " + error.message());
}

ModelSettings gguf_settings(const GgufKeys& keys) {
  const JsonDocument config = gguf_config(keys, gguf_family(keys));
  return {model_config(config), generation_config(config, gguf_generation_config(keys.file()))};
}

}  // namespace

ModelSettings load_settings(const std::filesystem::path& folder) {
  if (const auto gguf = find_gguf(folder)) return gguf_settings(GgufModel(*gguf).keys());
  check_folder(folder);
  const JsonDocument config = load_json(folder / "config.json", config_limit);
  std::optional<JsonDocument> generation;
  const auto generation_path = folder / "generation_config.json";
  std::error_code error;
  if (std::filesystem::symlink_status(generation_path, error).type() != std::filesystem::file_type::not_found)
    generation = load_json(generation_path, config_limit);
  return {model_config(config), generation_config(config, generation)};
}

LoadedModel load_model(const std::filesystem::path& folder, const LoadOptions& options) {
  if (const auto path = find_gguf(folder)) {
    const GgufModel gguf(*path);
    ModelSettings settings = gguf_settings(gguf.keys());
    Weights weights = load_weights(gguf.tensors(), settings.config, options);
    return {std::move(settings.config), std::move(settings.generation), std::move(weights)};
  }
  ModelSettings settings = load_settings(folder);
  Weights weights = load_weights(folder, settings.config, options);
  return {std::move(settings.config), std::move(settings.generation), std::move(weights)};
}

}  // namespace kelvin
