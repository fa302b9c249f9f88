#include "tools/chat/chat_setting.h"

#include <algorithm>

#include "tokenizer/base/user_error.h"
#include "tools/options/sampling_options.h"

namespace kelvin {
namespace {

constexpr std::string_view origin = "/set";

// The chain in force with the stages of `type`'s name (or, for a temperature, every temperature) replaced by
// one, which is written as chain text; empty: taken out.
std::string chain_with(const Chain& chain, const StageType& type, const std::string& stage) {
  std::string text;
  bool placed = stage.empty();
  const auto append = [&](const std::string& link) { text += (text.empty() ? "" : ",") + link; };
  for (const Chain::Link& link : chain.links()) {
    const bool both_temperatures = type.kind == Kind::temperature && link.type.kind == Kind::temperature;
    if (link.type.name != type.name && !both_temperatures) {
      append(link.text);
    } else if (!placed) {
      append(stage);
      placed = true;
    }
  }
  if (!placed) append(stage);
  return text;
}

// A whole chain contradicts a stage set beside it, and keeps a stage that was taken out beside it.
bool whole_chain_in_force(const SamplerSettings& changed, const StageType& type, bool off,
                          const Vocabulary& vocabulary) {
  try {
    const Chain chain = changed.chain(vocabulary);
    return off && std::any_of(chain.links().begin(), chain.links().end(),
                              [&](const Chain::Link& link) { return link.type.name == type.name; });
  } catch (const UserError&) {
    return true;
  }
}

// Quotes as a shell would take them away: a chain never begins with one.
std::string unquoted(const std::string& text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::vector<std::string> chat_setting_names() {
  std::vector<std::string> names = setting_names();
  names.insert(names.end(),
               {"assistant", "color", "n", "stats", "seed", "stop", "system", "template-arg", "think"});
  return names;
}

void change_sampling(SamplerSettings& settings, const std::string& name, const std::string& given,
                     const Vocabulary& vocabulary) {
  const std::string value = name == "sample" ? unquoted(given) : given;
  const StageType* type = find_stage(name);
  if (!type) {
    const std::vector<std::string> names = setting_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw UserError("unknown setting \"" + name + "\"" + suggestion(name, chat_setting_names()));
    }
  }
  SamplerSettings changed = settings;
  changed.set(name, value, Source::flag, origin);
  if (!type) {
    changed.chain(vocabulary);
  } else {
    if (type->kind == Kind::temperature)
      for (const StageType& other : stage_types())
        if (other.kind == Kind::temperature && other.name != type->name)
          changed.set(other.name, "off", Source::flag, origin);
    const bool off = value == "off";
    if (whole_chain_in_force(changed, *type, off, vocabulary)) {
      changed = settings;
      const std::string stage = off ? "" : type->name + "=" + value;
      changed.set("sample", chain_with(settings.chain(vocabulary), *type, stage), Source::flag, origin);
      changed.chain(vocabulary);
    }
  }
  settings = std::move(changed);
}

}  // namespace kelvin
