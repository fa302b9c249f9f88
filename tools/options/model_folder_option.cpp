#include "tools/options/model_folder_option.h"

namespace kelvin {
namespace fs = std::filesystem;

namespace {

fs::path installed_demo_model() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : (program.parent_path() / KELVIN_EMBER_FROM_BIN).lexically_normal();
}

}  // namespace

void add_model_folder(Flags& flags, std::optional<std::string>& folder) {
  flags.option("model", "DIR",
               "folder with config.json, safetensors and tokenizer.json, or a .gguf file (default: the demo "
               "model)",
               to(folder));
  flags.alias("m", "model");
}

void add_lora(Flags& flags, std::optional<std::string>& folder) {
  flags.option("lora", "DIR", "folder of a LoRA adapter, merged into the model while it loads", to(folder));
}

fs::path model_folder(const std::optional<std::string>& folder) {
  std::error_code ignored;
  if (folder) {
    if (fs::exists(*folder, ignored)) return *folder;
    throw UsageError("--model: " + *folder + ": no such folder or file");
  }
  for (const fs::path& candidate : {installed_demo_model(), fs::path(KELVIN_SOURCE_EMBER)})
    if (!candidate.empty() && fs::is_directory(candidate, ignored)) return candidate;
  throw UsageError("the demo model is neither in " + installed_demo_model().string() +
                   " nor in " KELVIN_SOURCE_EMBER "; name a model with --model DIR");
}

std::string model_name(const fs::path& folder) {
  std::error_code ignored;
  return fs::weakly_canonical(folder, ignored).filename().string();
}

}  // namespace kelvin
