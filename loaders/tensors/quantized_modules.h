// Which of a scheme's groups a module belongs to: compressed-tensors may quantise different modules differently.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loaders/tensors/quantization_scheme.h"
#include "loaders/tensors/tensor_files.h"
#include "tokenizer/regex/regex.h"

namespace kelvin {

class ModuleGroups {
 public:
  // `scheme` must outlive this. Throws LoadError where a pattern is none.
  ModuleGroups(const QuantizationScheme& scheme, const TensorFiles& files);

  // As compressed-tensors chooses: a module's name before patterns, and those before its class. Throws LoadError where
  // no group names the module.
  const QuantGroup& of(const std::string& module) const;

 private:
  struct Pattern {
    Regex regex;
    const QuantGroup* group;
  };
  const QuantizationScheme& scheme_;
  const TensorFiles& files_;
  std::vector<Pattern> patterns_;
};

}  // namespace kelvin
