// The messages of a chat as a model's template takes them: calls as calls, results beside them, thoughts where they belong.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "tokenizer/chat_template.h"
#include "tools/chat/session_file.h"
#include "tools/chat/template_forms.h"

namespace kelvin {

// Results of tools answer the calls before them in their order. `tools`: as find_tool_calls() has them.
TemplateValue conversation_value(std::span<const SavedMessage> messages,
                                 const std::optional<std::string>& system, const TemplateForms& forms,
                                 const TemplateValue* tools);

}  // namespace kelvin
