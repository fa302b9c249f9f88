// In which form a model's template takes thoughts and calls of earlier answers: found by rendering small conversations
// and looking at what comes out.
#pragma once

#include <string>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tokenizer/chat_template.h"

namespace kelvin {

struct TemplateForms {
  std::string thought_field = {};  // of a message; empty: the template is given the content with its markers
  bool writes_calls = false;       // tool_calls appear in the prompt; else the content says them
  bool several_calls = false;      // of one message
  bool arguments_as_text = false;  // JSON, not a dict
  bool no_content = false;         // beside tool_calls the content is None
};

// `tools`: as ConversationOptions has them.
TemplateForms forms_of(const ChatTemplate& chat_template, const TokenizerInfo& info,
                       const TemplateValue& tools);

}  // namespace kelvin
