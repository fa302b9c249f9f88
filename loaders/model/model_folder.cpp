#include "loaders/model/model_folder.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_config.h"
#include "loaders/gguf/gguf_model.h"
#include "loaders/json/json_file.h"
#include "loaders/model/hf_config.h"
#include "loaders/model/hf_quantization.h"
#include "loaders/model/lora.h"
#include "loaders/tensors/dequantize.h"
#include "loaders/tensors/quantized_folder.h"

namespace kelvin {
namespace {

constexpr std::size_t config_limit = std::size_t{16} << 20;  // bytes; real ones have a few thousand

void check_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const auto type = std::filesystem::status(folder, error).type();
  if (is_only_adapter(folder))
    throw LoadError(
        path_text(folder),
        "a model expected, an adapter found (adapter_config.json): name its model with --model, and this "
        "folder with --lora");
  if (type == std::filesystem::file_type::directory) return;
  const std::string expected = "a model folder (with config.json) or a GGUF file expected";
  if (type == std::filesystem::file_type::not_found)
    throw LoadError(path_text(folder), expected + ", nothing found");
  throw LoadError(path_text(folder), expected + ": " + error.message());
}

ModelTensors folder_tensors(const std::filesystem::path& folder) {
  const TensorFiles files(folder);
  const JsonDocument config = load_json(folder / "config.json", config_limit);
  const auto scheme = quantization_scheme(config.root());
  const TensorFiles::Tensor* const codes = first_codes(files);
  // A folder of kelvin-quantize keeps the config of what it packed.
  const bool packed = std::ranges::any_of(
      files.tensors(), [](const TensorFiles::Tensor& tensor) { return tensor.stored.packed.has_value(); });
  if (scheme && !scheme->groups.empty() && !codes && !packed)
    throw LoadError(path_text(folder / "config.json"),
                    "quantization_config: codes of quantised weights expected, none found in " +
                        path_text(files.source()));
  if (scheme) return {without_codes(files, *scheme), codes || packed ? scheme->text() : ""};
  if (codes)
    throw LoadError(path_text(codes->file->path()),
                    "tensor " + in_quotes(codes->stored.name) +
                        ": codes of quantised weights found, and no "
                        "quantization_config in config.json that says how to read them");
  return {files, ""};
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

namespace {

// "GGUF in Q4_K and Q6_K": the quantised formats by the bytes they take; "" where there are none.
std::string quantised_formats(const TensorFiles& files) {
  std::map<std::string_view, std::size_t> bytes;
  for (const TensorFiles::Tensor& tensor : files.tensors())
    if (is_quantized(tensor.stored.dtype))
      bytes[dtype_name(tensor.stored.dtype)] += tensor.stored.data.size();
  std::vector<std::pair<std::size_t, std::string_view>> formats;
  for (const auto& [name, size] : bytes) formats.emplace_back(size, name);
  std::ranges::sort(formats, std::greater());
  std::string text;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    text += i == 0 ? "GGUF in " : i + 1 < formats.size() ? ", " : " and ";
    text += formats[i].second;
  }
  return text;
}

ModelTensors gguf_tensors(const GgufModel& gguf) {
  TensorFiles files = gguf.tensors();
  std::string stored = quantised_formats(files);
  return {std::move(files), std::move(stored)};
}

// With what `options` adds to them.
ModelTensors completed(ModelTensors tensors, const LoadOptions& options) {
  if (options.lora) tensors.files = with_lora(tensors.files, *options.lora);
  return tensors;
}

}  // namespace

ModelTensors model_tensors(const std::filesystem::path& folder, const LoadOptions& options) {
  const auto gguf = find_gguf(folder);
  return completed(gguf ? gguf_tensors(GgufModel(*gguf)) : folder_tensors(folder), options);
}

LoadedModel load_model(const std::filesystem::path& folder, const LoadOptions& options) {
  std::optional<GgufModel> gguf;  // whose metadata are large
  if (const auto path = find_gguf(folder)) gguf.emplace(*path);
  ModelSettings settings = gguf ? gguf_settings(gguf->keys()) : load_settings(folder);
  const ModelTensors tensors = completed(gguf ? gguf_tensors(*gguf) : folder_tensors(folder), options);
  Weights weights = load_weights(tensors.files, settings.config, options);
  return {std::move(settings.config), std::move(settings.generation), std::move(weights), tensors.stored};
}

}  // namespace kelvin
