// The variable by which a chat template is told whether its model shall think before it answers. Templates name it as they
// like: it is found among their variables by what it changes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/chat_template.h"

namespace kelvin {

using TemplateVariables = std::vector<std::pair<std::string, TemplateValue>>;

// What the template is to be given for `wish`: "on", "off", or how much, in the template's own word or as a number: "low",
// "high", "512". Nothing for "auto" or "". Throws UserError where it has no switch, or none for this.
TemplateVariables thinking_variables(const ChatTemplate& chat_template, std::string_view wish);

// Name of the variable that "on" and "off" would set; empty where there is none.
std::string thinking_switch(const ChatTemplate& chat_template);

}  // namespace kelvin
