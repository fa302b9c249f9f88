#include "loaders/model/generation_config.h"

#include <algorithm>

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
    result.max_new_tokens = optional_int(root, "max_new_tokens", {0});
    result.top_k = optional_int(root, "top_k", {-1});
    if (result.top_k) result.top_k = std::max(*result.top_k, 0);
  }
  std::sort(result.eos.begin(), result.eos.end());
  result.eos.erase(std::unique(result.eos.begin(), result.eos.end()), result.eos.end());
  if (!result.eos.empty() && result.eos.front() < 0) result.eos.erase(result.eos.begin());
  return result;
}

}  // namespace kelvin
