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

// The bytes of a file, or of stdin for "-". Throws UsageError that names the path and the reason.
std::string read_file(const std::string& path);

}  // namespace kelvin
