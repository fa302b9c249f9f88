// The messages of a conversation as clients write them, made ready for a chat template.
#pragma once

#include <optional>

#include "tokenizer/chat_template.h"

namespace kelvin {

// What transformers' apply_chat_template does to them: members that are None are left out; reasoning_content, thinking
// and reasoning stand for each other where only some are given, the first of these before the others. What is not a
// list of dicts is left as it is.
TemplateValue normalized_messages(const TemplateValue& messages);

// The messages with the arguments of tool calls as dicts where they are JSON text, as OpenAI's clients send them;
// nullopt if there is no such text.
std::optional<TemplateValue> parsed_arguments(const TemplateValue& messages);

// Whether `text` shows one of the arguments in `messages` (dicts) as Python prints a dict: the template wanted text.
bool prints_arguments(const std::string& text, const TemplateValue& messages);

// Enough for a template whose work grows by the square of the messages, and for copies of long texts; endless loops end.
RenderOptions scaled_limits(RenderOptions options, const TemplateValue& messages);

}  // namespace kelvin
