// The ids of a conversation as the model's own template writes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tokenizer/chat_template.h"
#include "tools/options/model_options.h"

namespace kelvin {

// messages: a list of dicts with role and content; ends where the assistant's answer begins. Throws
// UsageError where the model has no template, TemplateError where the template fails.
std::vector<int> chat_prompt(const OpenModel& model, const TemplateValue& messages);

// One turn: what the system (if any) and the user say.
std::vector<int> chat_prompt(const OpenModel& model, const std::optional<std::string>& system,
                             const std::string& user);

}  // namespace kelvin
