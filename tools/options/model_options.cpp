#include "tools/options/model_options.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "engine/kernels/kernels.h"
#include "loaders/model/model_folder.h"
#include "tokenizer/base/side_by_side.h"
#include "tools/generation/generate.h"
#include "tools/options/model_folder_option.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {

const Kernels& chosen_kernels() {
  try {
    return best_kernels();
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

namespace {

LoadedModel load_with_progress(const std::filesystem::path& folder, const ModelFlags& flags) {
  chosen_kernels();  // before anything is converted with them
  ProgressBar bar("loading", "B");
  LoadOptions options = flags.load_options();
  options.progress = [&](std::size_t done, std::size_t total) {
    bar.update(static_cast<double>(done), static_cast<double>(total));
    heed(Interrupt::flag());  // where the tool has one by now
  };
  return load_model(folder, options);
}

std::unique_ptr<Model> make_model(LoadedModel loaded, const ModelFlags& flags) {
  const ModelOptions options{flags.threads, &chosen_kernels(), flags.kv};
  return std::make_unique<Model>(std::move(loaded.config), std::move(loaded.weights), options);
}

// The ids the model's makers name, and the tokenizer's own end token; those the model cannot give are no use.
std::vector<int> stop_ids(const GenerationConfig& generation, const TokenizerInfo& info, int vocab_size) {
  std::vector<int> ids = generation.eos;
  if (info.eos && info.eos->id) ids.push_back(*info.eos->id);
  std::erase_if(ids, [&](int id) { return id < 0 || id >= vocab_size; });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

void ModelFlags::add_to(Flags& flags) {
  flags.group("model");
  add_model_folder(flags, folder);
  flags.option("weights", "KIND",
               weight_kinds_text(false, true) + "; how matrices are kept (default: as in the files)",
               [this](const std::string& value) {
                 weights = weight_kind_named(value);
                 if (!weights) throw UsageError(weight_kinds_text(false, false) + " expected");
               });
  add_lora(flags, lora);
  flags.option("kv", "KIND", "how keys and values are cached: f32, f16 or q8 (default f32)",
               [this](const std::string& value) {
                 const auto named = kv_storage_named(value);
                 if (!named) throw UsageError("f32, f16 or q8 expected");
                 kv = *named;
               });
  flags.option("threads", "N", "default: one per processor; the output does not depend on it",
               to(threads, 1, 1024));
  flags.toggle("ignore-extra",
               "pass over tensors the architecture does not have (default: an error that names them)",
               ignore_extra);
  flags.option("ctx", "N", "most tokens of prompt and answer (default: what the model was made for)",
               to(context, 2, 1 << 24));
}

LoadOptions ModelFlags::load_options() const {
  LoadOptions options;
  options.storage = weights;
  options.threads = threads;
  if (lora) options.lora = *lora;
  options.ignore_extra = ignore_extra;
  return options;
}

OpenModel open_model(const ModelFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  const std::filesystem::path folder = model_folder(flags.folder);
  // A large vocabulary takes longer than to map the weights, and both are waited for before the first token.
  std::optional<LoadedModel> weights;
  std::optional<LoadedTokenizer> text;
  side_by_side([&] { weights = load_with_progress(folder, flags); }, [&] { text = load_tokenizer(folder); });
  LoadedModel& loaded = *weights;

  const int vocab_size = loaded.config.vocab_size;
  std::vector<std::string> bytes = token_bytes(text->tokenizer, vocab_size);
  std::vector<int> stops = stop_ids(loaded.generation, text->info, vocab_size);
  std::vector<int> special = special_tokens(text->tokenizer, vocab_size);
  // What the model cannot give needs no ban.
  const auto beyond = [&](int id) { return id >= vocab_size; };
  std::erase_if(loaded.generation.suppress_tokens, beyond);
  std::erase_if(loaded.generation.begin_suppress_tokens, beyond);
  const int trained = std::max(loaded.config.max_position, 2);
  const int context = flags.context.value_or(trained);
  if (context > trained) {
    TerminalText told(std::cerr, STDERR_FILENO);
    told << "note: --ctx " << context << " is more than the " << trained
         << " tokens this model was made for: what lies beyond them may be nonsense\n";
  }

  std::string stored = std::move(loaded.stored);
  auto model = make_model(std::move(loaded), flags);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {folder,
          flags.load_options().lora,
          std::move(stored),
          std::move(loaded.generation),
          std::move(*text),
          std::move(model),
          std::move(bytes),
          std::move(stops),
          std::move(special),
          context,
          seconds.count()};
}

std::string OpenModel::name() const { return model_name(folder); }

std::unique_ptr<Model> open_model_alone(const ModelFlags& flags) {
  return make_model(load_with_progress(model_folder(flags.folder), flags), flags);
}

}  // namespace kelvin
