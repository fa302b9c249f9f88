#include "tools/options/thinking_switch.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tokenizer/base/user_error.h"
#include "tools/output/parse_number.h"

namespace kelvin {
namespace {

bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Names of the template's variables that may be about thinking, the usual ones first.
std::vector<std::string> candidates(const ChatTemplate& chat_template) {
  constexpr std::array<std::string_view, 6> usual = {"enable_thinking",  "thinking",  "open_thinking",
                                                     "enable_reasoning", "reasoning", "think"};
  std::vector<std::string> names;
  for (const std::string& name : chat_template.names())
    if (holds(name, "think") || holds(name, "reason")) names.push_back(name);
  const auto rank = [&](const std::string& name) { return std::find(usual.begin(), usual.end(), name); };
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return names;
}

// The prompts of a few conversations, joined; nothing where the template refuses `value`.
std::optional<std::string> prompts(const ChatTemplate& chat_template, const std::string& name,
                                   const TemplateValue& value) {
  const auto message = [](const char* role, const char* content) {
    return TemplateValue::dict({{"role", role}, {"content", content}});
  };
  RenderOptions options;
  options.clock = Clock();
  std::string all;
  bool any = false;
  for (const std::vector<TemplateValue>& messages : std::vector<std::vector<TemplateValue>>{
           {message("user", "a")},
           {message("system", "s"), message("user", "a")},
           {message("user", "a"), message("assistant", "b"), message("user", "c")}}) {
    try {
      all += render_chat(chat_template, TemplateValue::list(messages), true, "<s>", "</s>", {{name, value}},
                         options);
      any = true;
    } catch (const TemplateError&) {
      all += "-";  // some know no system message
    }
    all += '\0';
  }
  return any ? std::optional(all) : std::nullopt;
}

bool differ(const ChatTemplate& chat_template, const std::string& name, const TemplateValue& a,
            const TemplateValue& b) {
  const auto one = prompts(chat_template, name, a), other = prompts(chat_template, name, b);
  return one && other && *one != *other;
}

// Whether it takes two words for how much, and they say different things.
bool takes_levels(const ChatTemplate& chat_template, const std::string& name) {
  std::optional<std::string> first;
  for (const char* level : {"none", "minimal", "low", "medium", "high", "max"}) {
    const auto text = prompts(chat_template, name, level);
    if (text && first && *text != *first) return true;
    if (text) first = text;
  }
  return false;
}

bool negates(std::string_view name) {
  return name.starts_with("no_") || holds(name, "_no_") || holds(name, "disable") || holds(name, "skip") ||
         holds(name, "without");
}

struct Switches {
  std::string yes_no;  // a variable that is true or false
  std::string level;   // a word
  std::string budget;  // tokens
};

Switches switches_of(const ChatTemplate& chat_template) {
  Switches found;
  for (const std::string& name : candidates(chat_template)) {
    if (holds(name, "budget")) {
      if (found.budget.empty() && differ(chat_template, name, 0, 512)) found.budget = name;
    } else if (holds(name, "effort") || holds(name, "level") || holds(name, "mode")) {
      if (found.level.empty() && takes_levels(chat_template, name)) found.level = name;
    } else if (found.yes_no.empty() && differ(chat_template, name, true, false)) {
      found.yes_no = name;
    }
  }
  return found;
}

TemplateVariables on_or_off(const ChatTemplate& chat_template, const Switches& found, bool on) {
  if (!found.yes_no.empty()) return {{found.yes_no, on != negates(found.yes_no)}};
  if (!found.budget.empty()) return on ? TemplateVariables() : TemplateVariables{{found.budget, 0}};
  if (found.level.empty())
    throw UserError(
        "think: the model's chat template has no switch for it (--template-arg sets any of its variables)");
  const std::string& source = chat_template.source();
  const bool knows_none = holds(source, "'none'") || holds(source, "\"none\"");
  const bool knows_medium = prompts(chat_template, found.level, "medium").has_value();
  if (on) return {{found.level, knows_medium ? "medium" : "high"}};
  if (!knows_none || !prompts(chat_template, found.level, "none"))
    throw UserError("think: the model's chat template cannot switch it off, only set " + found.level +
                    ": low, medium or high");
  return {{found.level, "none"}};
}

}  // namespace

TemplateVariables thinking_variables(const ChatTemplate& chat_template, std::string_view wish) {
  if (wish.empty() || wish == "auto") return {};
  const Switches found = switches_of(chat_template);
  if (wish == "on" || wish == "off") return on_or_off(chat_template, found, wish == "on");
  if (const auto tokens = parse_integer(std::string(wish))) {
    if (found.budget.empty()) throw UserError("think: the model's chat template takes no number of tokens");
    return {{found.budget, TemplateValue(static_cast<std::int64_t>(*tokens))}};
  }
  if (found.level.empty())
    throw UserError("think: on, off or auto expected, \"" + std::string(wish) +
                    "\" found (the model's chat template knows no other word)");
  if (!prompts(chat_template, found.level, wish))
    throw UserError("think: the model's chat template does not take \"" + std::string(wish) + "\" as " +
                    found.level);
  return {{found.level, TemplateValue(wish)}};
}

std::string thinking_switch(const ChatTemplate& chat_template) {
  const Switches found = switches_of(chat_template);
  return !found.yes_no.empty() ? found.yes_no : !found.budget.empty() ? found.budget : found.level;
}

}  // namespace kelvin
