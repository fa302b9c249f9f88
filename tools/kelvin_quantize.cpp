// kelvin-quantize: a model folder with packed weights, which loads by mapping.
#include <filesystem>
#include <iostream>
#include <utility>

#include "engine/platform/available_memory.h"
#include "engine/quantize/calibrated_packing.h"
#include "loaders/gguf/gguf_folder.h"
#include "loaders/json/json_writer.h"
#include "loaders/model/model_folder.h"
#include "loaders/model/packed_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_options.h"
#include "tools/options/run_main.h"
#include "tools/output/output_file.h"
#include "tools/output/output_folder.h"
#include "tools/quantize/calibration_texts.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::optional<std::string> model, lora;
  std::optional<WeightKind> weights;
  std::string out;
  int threads = 0;
  bool ignore_extra = false, json = false, as_is = false;
  std::optional<std::string> calibrate, separator;
  std::optional<int> calibrate_tokens;
  std::optional<std::uint64_t> seed;
};

constexpr int default_calibrate_tokens = 16384;

bool parse(Options& options, int argc, char** argv) {
  Flags flags("kelvin-quantize", "writes a model folder with packed weights, which loads by mapping");
  flags.group("model");
  flags.operand("MODEL", "the folder or .gguf file to pack (default: the demo model)", to(options.model));
  flags.option("model", "DIR", "the same", to(options.model));
  add_lora(flags, options.lora);
  flags.option("weights", "KIND", weight_kinds_text(true, true), [&](const std::string& value) {
    options.weights = weight_kind_named(value);
    if (!options.weights || !is_packed(options.weights->layers))
      throw UsageError(weight_kinds_text(true, false) + " expected");
  });
  flags.toggle("as-is", "keep a quantised model's own numbers, in the layout they are multiplied in",
               options.as_is);
  flags.option("out", "DIR", "a new folder, or an empty one", to(options.out));
  flags.option("threads", "N", "default: one per processor; the output does not depend on it",
               to(options.threads, 1, 1024));
  flags.toggle("ignore-extra",
               "leave out tensors the architecture does not have (default: an error that names them)",
               options.ignore_extra);
  flags.toggle("json", "the sizes as one JSON object", options.json);
  flags.group("packing with error feedback, which is closer to the model and takes minutes");
  flags.option("calibrate", "own|FILE",
               "let the model read a text first, so that rounding errors make each other good in what it "
               "multiplies: one it writes itself, or a file",
               to(options.calibrate));
  flags.option("calibrate-tokens", "N", "most tokens it reads (default 16384)",
               to(options.calibrate_tokens, 1, 1 << 26));
  flags.option("split", "LINE", "lines that are equal to LINE divide FILE into documents",
               to(options.separator));
  flags.option("seed", "N", "of the text it writes itself (default 0)", to(options.seed));
  flags.examples({"kelvin-quantize --weights q4h --out packed",
                  "kelvin-chat --model packed -p \"Who is Anna?\" -n 20",
                  "kelvin-quantize --weights q4 --calibrate own --calibrate-tokens 500 --out closer"});
  if (!flags.parse(argc, argv)) return false;
  if (options.as_is && (options.weights || options.calibrate))
    throw UsageError("--as-is: neither --weights nor --calibrate expected with it");
  if (!options.weights && !options.as_is)
    throw UsageError("--weights expected: " + weight_kinds_text(true, false) + "; or --as-is");
  if (options.out.empty()) throw UsageError("--out expected: a new folder");
  const bool own = options.calibrate == "own";
  if (options.calibrate_tokens && !options.calibrate)
    throw UsageError("--calibrate-tokens: --calibrate expected with it");
  if (options.separator && (!options.calibrate || own))
    throw UsageError("--split: --calibrate FILE expected with it");
  if (options.seed && !own) throw UsageError("--seed: --calibrate own expected with it");
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

TokenTexts calibration_texts(OpenModel& model, const Options& options) {
  const int tokens = options.calibrate_tokens.value_or(default_calibrate_tokens);
  if (options.calibrate != "own") return file_texts(model, *options.calibrate, tokens, options.separator);
  ProgressBar bar("writing a text", "tok");
  return own_texts(model, tokens, options.seed.value_or(0), [&](int done) {
    bar.update(done, tokens);
    heed(Interrupt::flag());
  });
}

// By place, as write_packed takes them.
std::vector<AlignedBuffer> calibrated(const Options& options) {
  ModelFlags flags;
  flags.folder = options.model;
  flags.lora = options.lora;
  flags.threads = options.threads;
  flags.ignore_extra = options.ignore_extra;
  OpenModel model = open_model(flags);
  // write_packed says by name what is packed already.
  if (is_packed(model.model->weights().kind().layers) || is_packed(model.model->weights().lm_head.storage))
    return {};
  const TokenTexts texts = calibration_texts(model, options);
  // The two take turns where memory asks for several readings.
  std::optional<ProgressBar> bar;
  const char* shown = nullptr;
  const auto show = [&](const char* what, const char* unit) {
    return [&, what, unit](double done, double total) {
      if (std::exchange(shown, what) != what) bar.emplace(what, unit);
      bar->update(done, total);
      heed(Interrupt::flag());
    };
  };
  CalibrationOptions calibration;
  calibration.moment_bytes = available_memory().bytes / 2;
  calibration.reading = show("reading", "tok");
  calibration.packing = show("packing", "weights");
  return pack_calibrated(*model.model, *options.weights, texts, calibration);
}

PackedSizes write_weights(const fs::path& folder, const ModelConfig& config, const Options& options,
                          const fs::path& to) {
  std::vector<AlignedBuffer> packed;
  if (options.calibrate) packed = calibrated(options);
  ProgressBar bar("packing", "B");
  LoadOptions load;
  load.storage = options.weights;
  load.threads = options.threads;
  load.ignore_extra = options.ignore_extra;
  if (options.lora) load.lora = *options.lora;
  load.progress = [&](std::size_t done, std::size_t total) {
    bar.update(static_cast<double>(done), static_cast<double>(total));
    heed(Interrupt::flag());
  };
  const ModelTensors tensors = model_tensors(folder, load);
  if (options.as_is && tensors.stored.empty() && !find_gguf(folder))
    throw UsageError("--as-is: a GGUF file or a quantised folder expected, a folder of plain weights found");
  OutputFile file(to / "model.safetensors");
  const PackedSizes sizes = write_packed(
      tensors.files, config, load, [&](std::span<const std::byte> bytes) { file.write(bytes); }, packed);
  file.commit();
  return sizes;
}

std::string weights_of(const Options& options) {
  return options.weights ? options.weights->name() : "the numbers of the file";
}

void report(const Options& options, const PackedSizes& sizes) {
  const double bits = 8.0 * static_cast<double>(sizes.bytes) / static_cast<double>(sizes.weights);
  if (options.json) {
    JsonWriter json;
    json.begin_object().member("out", options.out).member("weights", weights_of(options));
    json.member("packed_weights", sizes.weights).member("packed_bytes", sizes.bytes);
    json.member("file_bytes", sizes.file_bytes).member("bits_per_weight", bits);
    std::cout << json.end_object().text() << '\n';
  } else {
    std::cout << formatted("%s: %zu weights in %s, %.3f bits each, %.1f MB in all\n", options.out.c_str(),
                           sizes.weights, weights_of(options).c_str(), bits,
                           static_cast<double>(sizes.file_bytes) / 1e6);
  }
}

int quantize_folder(int argc, char** argv) {
  Options options;
  if (!parse(options, argc, argv)) return 0;
  chosen_kernels();  // before anything is converted with them
  const fs::path folder = model_folder(options.model);
  const ModelSettings settings = load_settings(folder);
  const Interrupt interrupt;  // an unfinished folder is removed
  OutputFolder out(options.out);
  const auto path = find_gguf(folder);
  if (path)
    for (const auto& [name, text] : gguf_folder_files(GgufModel(*path))) write_file(out.path() / name, text);
  else
    copy_settings(folder, out.path());
  const PackedSizes sizes = write_weights(folder, settings.config, options, out.path());
  out.commit();
  report(options, sizes);
  return 0;
}

}  // namespace
}  // namespace kelvin

int main(int argc, char** argv) { return kelvin::run_main(argc, argv, kelvin::quantize_folder); }
