// --prompt, --prompt-file and --ids: what a model continues or looks at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/options/flags.h"
#include "tools/options/model_options.h"

namespace kelvin {

struct PromptOptions {
  std::optional<std::string> text, file;
  std::vector<int> ids;

  void add_to(Flags& flags);
  // The ids, at least one, each within the vocabulary. Throws UsageError, also unless exactly one of the
  // options is given.
  std::vector<int> resolve(const OpenModel& model) const;
};

}  // namespace kelvin
