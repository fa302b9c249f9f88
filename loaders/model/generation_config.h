// What a model's makers recommend for generating with it: generation_config.json, and the token ids of
// config.json.
#pragma once

#include <optional>
#include <string>
#include <utility>
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
  std::optional<double> encoder_repetition_penalty;  // of the prompt, which it favours above 1
  std::optional<int> encoder_no_repeat_ngram_size;
  std::optional<int> max_new_tokens;
  std::optional<int> max_length;  // tokens of prompt and answer; max_new_tokens goes before it
  std::optional<int> min_new_tokens, no_repeat_ngram_size;
  std::optional<double> typical_p, epsilon_cutoff, eta_cutoff, top_h;
  // Never drawn, and never drawn first; may lie beyond the vocabulary.
  std::vector<int> suppress_tokens, begin_suppress_tokens;
  // What is added to the last id's logit behind the others; bad_words_ids are here with -infinity.
  std::vector<std::pair<std::vector<int>, double>> sequence_bias;
  std::optional<std::pair<int, double>>
      exponential_decay_length_penalty;  // drawn tokens before it begins, factor
  std::vector<std::string> stop_strings;
  // Keys that would change what transformers generates and that nothing here does, and why.
  std::vector<std::pair<std::string, std::string>> ignored;
};

// `config` is config.json, `generation` generation_config.json where the folder has it. Throws LoadError.
GenerationConfig generation_config(const JsonDocument& config, const std::optional<JsonDocument>& generation);

}  // namespace kelvin
