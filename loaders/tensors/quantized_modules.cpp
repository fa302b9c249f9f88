#include "loaders/tensors/quantized_modules.h"

#include <algorithm>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

constexpr std::string_view pattern_mark = "re:";

bool names(const QuantGroup& group, std::string_view target) {
  return std::find(group.targets.begin(), group.targets.end(), target) != group.targets.end();
}

// From the beginning on, as Python's re.match.
bool begins_with(const Regex& regex, std::string_view text) {
  const std::vector<RegexMatch> found = regex.find_all(text);
  return !found.empty() && found.front().begin == 0;
}

}  // namespace

ModuleGroups::ModuleGroups(const QuantizationScheme& scheme, const TensorFiles& files)
    : scheme_(scheme), files_(files) {
  if (scheme.groups.size() == 1) return;
  for (const QuantGroup& group : scheme.groups)
    for (const std::string& target : group.targets) {
      if (!target.starts_with(pattern_mark)) continue;
      try {
        patterns_.push_back({Regex(std::string_view(target).substr(pattern_mark.size())), &group});
      } catch (const RegexError& error) {
        throw LoadError(files.settings(),
                        "quantization_config: target " + in_quotes(target) + ": " + printable(error.what()));
      }
    }
}

const QuantGroup& ModuleGroups::of(const std::string& module) const {
  if (scheme_.groups.size() == 1) return scheme_.groups.front();
  for (const QuantGroup& group : scheme_.groups)
    if (names(group, module)) return group;
  for (const Pattern& pattern : patterns_)
    if (begins_with(pattern.regex, module)) return *pattern.group;
  for (const QuantGroup& group : scheme_.groups)
    if (names(group, module.ends_with("embed_tokens") ? "Embedding" : "Linear")) return group;
  throw LoadError(path_text(files_.source()),
                  "module " + in_quotes(module) +
                      ": no group of quantization_config expected to hold codes, codes found");
}

}  // namespace kelvin
