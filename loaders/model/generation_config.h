// What a model's makers recommend for generating with it: generation_config.json, and the token ids of
// config.json.
#pragma once

#include <optional>
#include <vector>

namespace kelvin {

class JsonDocument;

// Absent where the files do not say.
struct GenerationConfig {
  std::vector<int>
      eos;  // ids that end an answer: those of both files, ascending; may lie beyond the vocabulary
  std::optional<int> bos;
  std::optional<bool> do_sample;  // false: the makers recommend greedy decoding
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;  // 0: off
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<int> max_new_tokens;
};

// `config` is config.json, `generation` generation_config.json where the folder has it. Throws LoadError.
GenerationConfig generation_config(const JsonDocument& config, const std::optional<JsonDocument>& generation);

}  // namespace kelvin
