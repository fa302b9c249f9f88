#include "loaders/model/generation_config.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "loaders/json/json_fields.h"

namespace kelvin {
namespace {

// -1 is written by some folders for "none".
constexpr IntRange token_id{-1};

void add_eos(JsonValue object, std::vector<int>& eos) {
  const auto value = optional_member(object, "eos_token_id");
  if (!value) return;
  if (value->is_array())
    for (const JsonValue item : value->items()) eos.push_back(int_in(item, token_id));
  else
    eos.push_back(int_in(*value, token_id));
}

std::optional<int> bos_of(JsonValue object) {
  const auto id = optional_int(object, "bos_token_id", token_id);
  return id && *id >= 0 ? id : std::nullopt;
}

std::vector<int> ids_of(JsonValue list) {
  std::vector<int> ids;
  for (const JsonValue item : list.items())
    if (const int id = int_in(item, token_id); id >= 0) ids.push_back(id);
  return ids;
}

std::vector<int> sequence_of(JsonValue list) {
  std::vector<int> ids;
  for (const JsonValue item : list.items()) ids.push_back(int_in(item, {0}));
  if (ids.empty()) list.fail("at least one token id expected");
  return ids;
}

void read_constraints(JsonValue root, GenerationConfig& result) {
  if (const auto list = optional_member(root, "suppress_tokens")) result.suppress_tokens = ids_of(*list);
  if (const auto list = optional_member(root, "begin_suppress_tokens"))
    result.begin_suppress_tokens = ids_of(*list);
  if (const auto list = optional_member(root, "bad_words_ids"))
    for (const JsonValue word : list->items()) {
      std::vector<int> ids = sequence_of(word);
      // The end of the text is no word.
      if (ids.size() > 1 || std::find(result.eos.begin(), result.eos.end(), ids[0]) == result.eos.end())
        result.sequence_bias.emplace_back(std::move(ids), -std::numeric_limits<double>::infinity());
    }
  if (const auto list = optional_member(root, "sequence_bias"))
    for (const JsonValue pair : list->items()) {
      if (pair.size() != 2) pair.fail("a list of token ids and a bias expected");
      result.sequence_bias.emplace_back(sequence_of(pair.at(0)), real_in(pair.at(1), {-1e30, 1e30}));
    }
  if (const auto pair = optional_member(root, "exponential_decay_length_penalty")) {
    if (pair->size() != 2) pair->fail("a number of tokens and a factor expected");
    result.exponential_decay_length_penalty = {int_in(pair->at(0), {0}), real_in(pair->at(1), {1e-3, 1e3})};
  }
  if (const auto stop = optional_member(root, "stop_strings")) {
    if (stop->is_string()) result.stop_strings.emplace_back(stop->as_string());
    if (!stop->is_string())
      for (const JsonValue text : stop->items()) result.stop_strings.emplace_back(text.as_string());
    std::erase(result.stop_strings, "");
  }
}

// Names keys that ask for something else than drawing one continuation token by token.
void name_ignored(JsonValue root, GenerationConfig& result) {
  struct Key {
    std::string_view key, reason;
    double neutral;  // the value that asks for nothing
  };
  constexpr std::string_view beams = "there is no beam search";
  static constexpr Key keys[] = {
      {"num_beams", beams, 1},
      {"num_beam_groups", beams, 1},
      {"diversity_penalty", beams, 0},
      {"length_penalty", beams, 1},
      {"early_stopping", beams, 0},
      {"force_words_ids", beams, 0},
      {"constraints", beams, 0},
      {"num_return_sequences", "--draws asks for several", 1},
      {"penalty_alpha", "there is no contrastive search", 0},
      {"dola_layers", "layers are not compared while drawing", 0},
      {"guidance_scale", "there is no second prompt to lead away from", 1},
      {"min_length", "it counts the prompt; --min-new counts the answer", 0},
      {"forced_bos_token_id", "the prompt has its BOS", -1},
      {"forced_eos_token_id", "a text that is cut does not end", -1},
      {"remove_invalid_values", "--nonfinite mask does it", 0},
      {"max_time", "answers do not depend on the clock", 0},
      {"watermarking_config", "there are no watermarks", 0},
      {"token_healing", "the prompt stays as it is", 0},
  };
  for (const Key& one : keys) {
    const auto value = optional_member(root, one.key);
    if (!value) continue;
    const bool neutral = value->is_number() ? value->as_double() == one.neutral
                         : value->is_bool() ? !value->as_bool()
                                            : (value->is_array() || value->is_object()) && value->size() == 0;
    if (!neutral) result.ignored.emplace_back(one.key, one.reason);
  }
}

}  // namespace

GenerationConfig generation_config(const JsonDocument& config,
                                   const std::optional<JsonDocument>& generation) {
  GenerationConfig result;
  add_eos(config.root(), result.eos);
  result.bos = bos_of(config.root());
  if (generation) {
    const JsonValue root = generation->root();
    add_eos(root, result.eos);
    if (const auto bos = bos_of(root)) result.bos = bos;
    result.do_sample = optional_bool(root, "do_sample");
    result.temperature = optional_real(root, "temperature", {});
    result.top_p = optional_real(root, "top_p", {0.0, 1.0});
    result.min_p = optional_real(root, "min_p", {0.0, 1.0});
    result.repetition_penalty = optional_real(root, "repetition_penalty", positive_real);
    result.encoder_repetition_penalty = optional_real(root, "encoder_repetition_penalty", positive_real);
    result.encoder_no_repeat_ngram_size = optional_int(root, "encoder_no_repeat_ngram_size", {0});
    result.max_new_tokens = optional_int(root, "max_new_tokens", {0});
    result.max_length = optional_int(root, "max_length", {0});
    result.min_new_tokens = optional_int(root, "min_new_tokens", {0});
    result.no_repeat_ngram_size = optional_int(root, "no_repeat_ngram_size", {0});
    result.typical_p = optional_real(root, "typical_p", {0.0, 1.0});
    result.epsilon_cutoff = optional_real(root, "epsilon_cutoff", {0.0, 1.0});
    result.eta_cutoff = optional_real(root, "eta_cutoff", {0.0, 1.0});
    result.top_h = optional_real(root, "top_h", {0.0, 1.0});
    read_constraints(root, result);
    name_ignored(root, result);
    result.top_k = optional_int(root, "top_k", {-1});
    if (result.top_k) result.top_k = std::max(*result.top_k, 0);
  }
  std::sort(result.eos.begin(), result.eos.end());
  result.eos.erase(std::unique(result.eos.begin(), result.eos.end()), result.eos.end());
  if (!result.eos.empty() && result.eos.front() < 0) result.eos.erase(result.eos.begin());
  return result;
}

}  // namespace kelvin
