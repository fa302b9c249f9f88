// adapter_config.json of a LoRA adapter, as peft writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loaders/json/json.h"
#include "tokenizer/regex/regex.h"

namespace kelvin {

class LoraConfig {
 public:
  // Throws LoadError that names the key: another kind of adapter, or a setting that changes the result and is not
  // obeyed here.
  explicit LoraConfig(const JsonDocument& config);

  int rank_of(std::string_view module) const;
  // What B A is multiplied by there: alpha / rank, or alpha / sqrt(rank).
  double scale_of(std::string_view module) const;

 private:
  struct Pattern {
    Regex regex;  // of the whole name of a module, or of its end behind a dot
    double value;
  };
  static std::vector<Pattern> patterns(JsonValue config, std::string_view key, double least);
  static double value_of(const std::vector<Pattern>& patterns, std::string_view module, double otherwise);

  double rank_, alpha_;
  bool root_ = false;
  std::vector<Pattern> ranks_, alphas_;
};

}  // namespace kelvin
