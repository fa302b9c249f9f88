// kelvin-quantize: a model folder with packed weights, which loads by mapping.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "loaders/gguf/gguf_folder.h"
#include "loaders/json_writer.h"
#include "loaders/model_folder.h"
#include "loaders/packed_writer.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/run_main.h"
#include "tools/report/output_file.h"
#include "tools/report/output_folder.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::optional<std::string> model;
  std::optional<WeightKind> weights;
  std::string out;
  int threads = 0;
  bool ignore_extra = false, json = false;
};

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-quantize", "writes a model folder with packed weights, which loads by mapping");
  flags.operand("MODEL", "the folder or .gguf file to pack (default: the demo model)", to(options.model));
  flags.option("model", "DIR", "the same", to(options.model));
  flags.option("weights", "KIND", "q8 (8 bits), q4 (4 bits) or q4h (4 bits, the head in 8)",
               [&](const std::string& value) {
                 options.weights = weight_kind_named(value);
                 if (!options.weights || !is_packed(options.weights->layers))
                   throw UsageError("q8, q4 or q4h expected");
               });
  flags.option("out", "DIR", "a new folder, or an empty one", to(options.out));
  flags.option("threads", "N", "default: one per processor; the output does not depend on it",
               to(options.threads, 1, 1024));
  flags.toggle("ignore-extra",
               "leave out tensors the architecture does not have (default: an error that names them)",
               options.ignore_extra);
  flags.toggle("json", "the sizes as one JSON object", options.json);
  if (!flags.parse(argc, argv)) return false;
  if (!options.weights) throw UsageError("--weights expected: q8, q4 or q4h");
  if (options.out.empty()) throw UsageError("--out expected: a new folder");
  return true;
}

// Settings, tokenizer, templates, license: whatever lies beside the weights and is no weights itself.
bool belongs_to_model(const fs::path& file) {
  const std::string name = file.filename().string(), extension = file.extension().string();
  if (name.ends_with(".index.json")) return false;
  for (const char* copied : {".json", ".jinja", ".txt", ".model", ".tiktoken", ".md"})
    if (extension == copied) return true;
  return name.starts_with("LICENSE") || name == gguf_tokenizer_name;
}

void write_file(const fs::path& to, std::span<const std::byte> bytes) {
  OutputFile file(to);
  file.write(bytes);
  file.commit();
}

void copy_files(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& entry : fs::directory_iterator(from))
    if (entry.is_regular_file() && belongs_to_model(entry.path()))
      write_file(to / entry.path().filename(), MappedFile::open(entry.path())->bytes());
}

void copy_settings(const fs::path& from, const fs::path& to) {
  copy_files(from, to);
  const fs::path templates = "additional_chat_templates";
  if (!fs::is_directory(from / templates)) return;
  fs::create_directory(to / templates);
  copy_files(from / templates, to / templates);
}

PackedSizes write_weights(const TensorFiles& tensors, const ModelConfig& config, const Options& options,
                          const fs::path& to) {
  const Interrupt interrupt;
  ProgressBar bar("packing", "B");
  LoadOptions load;
  load.storage = options.weights;
  load.threads = options.threads;
  load.ignore_extra = options.ignore_extra;
  load.progress = [&](std::size_t done, std::size_t total) {
    bar.update(static_cast<double>(done), static_cast<double>(total));
    if (interrupt.flag()->load()) throw std::runtime_error("interrupted");
  };
  OutputFile file(to / "model.safetensors");
  const PackedSizes sizes =
      write_packed(tensors, config, load, [&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.commit();
  return sizes;
}

void report(const Options& options, const PackedSizes& sizes) {
  const double bits = 8.0 * static_cast<double>(sizes.bytes) / static_cast<double>(sizes.weights);
  if (options.json) {
    JsonWriter json;
    json.begin_object().member("out", options.out).member("weights", options.weights->name());
    json.member("packed_weights", sizes.weights).member("packed_bytes", sizes.bytes);
    json.member("file_bytes", sizes.file_bytes).member("bits_per_weight", bits);
    std::cout << json.end_object().text() << '\n';
  } else {
    std::printf("%s: %zu weights in %s, %.3f bits each, %.1f MB in all\n", options.out.c_str(), sizes.weights,
                options.weights->name(), bits, static_cast<double>(sizes.file_bytes) / 1e6);
  }
}

int quantize_folder(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  const fs::path folder = model_folder(options.model);
  const ModelSettings settings = load_settings(folder);
  OutputFolder out(options.out);
  PackedSizes sizes;
  if (const auto path = find_gguf(folder)) {
    const GgufModel gguf(*path);
    for (const auto& [name, text] : gguf_folder_files(gguf))
      write_file(out.path() / name, std::as_bytes(std::span(text)));
    sizes = write_weights(gguf.tensors(), settings.config, options, out.path());
  } else {
    copy_settings(folder, out.path());
    sizes = write_weights(TensorFiles(folder), settings.config, options, out.path());
  }
  out.commit();
  report(options, sizes);
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::quantize_folder); }
