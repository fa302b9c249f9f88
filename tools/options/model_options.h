// The model group of a command line, and the model it names, ready to run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/forward/model.h"
#include "loaders/model/checkpoint.h"
#include "loaders/model/generation_config.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "sampling/vocabulary.h"
#include "tools/options/flags.h"

namespace kelvin {

struct ModelFlags {
  std::optional<std::string> folder;
  std::optional<WeightKind>
      weights;  // how matrices are stored; default: as in the files where they are bf16, else f32
  std::optional<std::string> lora;  // folder of an adapter
  KvStorage kv = KvStorage::f32;
  int threads = 0;             // 0: one per processor
  bool ignore_extra = false;   // tensors the architecture does not have
  std::optional<int> context;  // tokens

  void add_to(Flags& flags);
  LoadOptions load_options() const;  // without progress
};

struct OpenModel {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> lora;  // whose adapter is merged
  std::string stored;  // how the files quantise, if they do: "AWQ, 4 bits, groups of 128"
  GenerationConfig generation;
  LoadedTokenizer text;  // tokenizer and its special tokens
  std::unique_ptr<Model> model;
  std::vector<std::string> token_bytes;  // (tokens,) what each id decodes to, for stages that look at text
  std::vector<int> stops;                // ids that end an answer, ascending
  std::vector<int> special;              // ids that are no text, ascending (special_tokens)
  int context;                           // most tokens of a sequence
  double load_seconds;

  std::string name() const;  // of the folder, without its path
  const Tokenizer& tokenizer() const { return text.tokenizer; }
  // may_end: false where an answer goes on after those of `stops`.
  Vocabulary vocabulary(bool may_end = true) const { return {token_bytes, stops, 0, special, may_end}; }
};

// Loads config, weights and tokenizer of the folder named (or the demo model), with a progress bar. Throws
// LoadError, UsageError.
OpenModel open_model(const ModelFlags& flags);

// The kernels that KELVIN_ISA names, or the best this machine can run. Throws UsageError where it cannot.
const Kernels& chosen_kernels();

// The model alone, for work on ids: its folder needs no tokenizer.
std::unique_ptr<Model> open_model_alone(const ModelFlags& flags);

}  // namespace kelvin
