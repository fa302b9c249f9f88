// --think and --template-arg: what a model's chat template is told beside the conversation.
#pragma once

#include <string>

#include "loaders/json/json.h"
#include "tools/options/flags.h"
#include "tools/options/thinking_switch.h"

namespace kelvin {

struct TemplateOptions {
  std::string think;            // as thinking_variables() takes it; empty: as the template does by itself
  TemplateVariables arguments;  // stand over `think`
  bool plain_user = false;      // control tokens in the words of a user stay text

  // Into the group at hand. With `fold`, "--think fold" and "show" set that instead.
  void add_to(Flags& flags, bool* fold = nullptr);
  bool given() const { return !think.empty() || !arguments.empty() || plain_user; }
  // The variables for this template. Throws UserError where it has no switch for `think`.
  TemplateVariables variables(const ChatTemplate& chat_template) const;
  // One text for each choice, "" for none: what was computed under one is not mixed with another.
  std::string text() const;
  // "note: ..." with the arguments that the template never looks at, a line each; or "".
  std::string unknown_arguments(const ChatTemplate& chat_template) const;
};

// "NAME=JSON". Throws UsageError with what was expected.
std::pair<std::string, TemplateValue> parse_template_argument(const std::string& text);

// The members of an object as variables. Throws LoadError for any other value, and for the conversation itself.
TemplateVariables template_arguments(JsonValue object);

}  // namespace kelvin
