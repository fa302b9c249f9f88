#include "loaders/model/lora_config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"

namespace kelvin {
namespace {

// Keys that change nothing once an adapter is trained, and those that are read below.
constexpr std::string_view known_keys[] = {"alpha_pattern",
                                           "auto_mapping",
                                           "base_model_name_or_path",
                                           "bias",
                                           "corda_config",
                                           "eva_config",
                                           "exclude_modules",
                                           "inference_mode",
                                           "init_lora_weights",
                                           "layers_pattern",
                                           "layers_to_transform",
                                           "loftq_config",
                                           "lora_alpha",
                                           "lora_dropout",
                                           "lora_ga_config",
                                           "megatron_config",
                                           "megatron_core",
                                           "modules_to_save",
                                           "peft_type",
                                           "peft_version",
                                           "qalora_group_size",
                                           "r",
                                           "rank_pattern",
                                           "revision",
                                           "runtime_config",
                                           "target_modules",
                                           "task_type",
                                           "use_rslora"};

bool says_nothing(JsonValue value) {
  return value.is_null() || (value.is_bool() && !value.as_bool()) ||
         ((value.is_array() || value.is_object()) && value.size() == 0);
}

// Some ways to begin take a part out of the model's own matrices, which its files still hold.
void check_beginning(JsonValue value) {
  if (!value.is_string()) return;
  const std::string_view text = value.as_string();
  if (text != "gaussian" && text != "eva" && text != "orthogonal")
    value.fail(
        "true, false, gaussian, eva or orthogonal expected (matrices of the model stay as they are), " +
        in_quotes(text) + " found");
}

void check_keys(JsonValue config) {
  const auto type = optional_member(config, "peft_type");
  if (!type) config.fail("key \"peft_type\" expected, none found");
  if (type->as_string() != "LORA") type->fail("LORA expected, " + in_quotes(type->as_string()) + " found");
  if (const auto bias = optional_member(config, "bias")) {
    const std::string_view text = bias->as_string();
    if (text != "none" && text != "all" && text != "lora_only")
      bias->fail("none, all or lora_only expected, " + in_quotes(text) + " found");
  }
  if (const auto beginning = optional_member(config, "init_lora_weights")) check_beginning(*beginning);
  for (const auto& [key, value] : config.members())
    if (std::find(std::begin(known_keys), std::end(known_keys), key) == std::end(known_keys) &&
        !says_nothing(value))
      value.fail("absent, false or empty expected (this is not read), something else found");
}

}  // namespace

LoraConfig::LoraConfig(const JsonDocument& document) {
  const JsonValue config = document.root();
  if (!config.is_object())
    config.fail("an object expected, " + std::string(json_type_name(config.type())) + " found");
  check_keys(config);
  rank_ = required_int(config, "r", positive_int);
  alpha_ = required_real(config, "lora_alpha", {});
  root_ = optional_bool(config, "use_rslora").value_or(false);
  ranks_ = patterns(config, "rank_pattern", 1.0);
  alphas_ = patterns(config, "alpha_pattern", std::numeric_limits<double>::lowest());
}

std::vector<LoraConfig::Pattern> LoraConfig::patterns(JsonValue config, std::string_view key, double least) {
  std::vector<Pattern> result;
  const auto object = optional_member(config, key);
  if (!object) return result;
  for (const auto& [pattern, value] : object->members()) {
    try {
      result.push_back({Regex("(?:.*\\.)?(?:" + std::string(pattern) + ")$"), real_in(value, {least})});
    } catch (const RegexError& error) {
      value.fail("a pattern expected as key, " + printable(error.what()));
    }
  }
  return result;
}

double LoraConfig::value_of(const std::vector<Pattern>& patterns, std::string_view module, double otherwise) {
  for (const Pattern& pattern : patterns)
    if (const auto found = pattern.regex.find_all(module); !found.empty() && found.front().begin == 0)
      return pattern.value;
  return otherwise;
}

int LoraConfig::rank_of(std::string_view module) const {
  return static_cast<int>(value_of(ranks_, module, rank_));
}

double LoraConfig::scale_of(std::string_view module) const {
  const double rank = rank_of(module), alpha = value_of(alphas_, module, alpha_);
  return alpha / (root_ ? std::sqrt(rank) : rank);
}

}  // namespace kelvin
