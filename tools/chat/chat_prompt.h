// The text that a model is given for a chat, by its template or, where it has none, the messages joined.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tokenizer/chat_template.h"
#include "tools/chat/session_file.h"
#include "tools/chat/template_forms.h"
#include "tools/chat/tool_calls.h"
#include "tools/options/template_options.h"

namespace kelvin {

class ChatPrompt {
 public:
  // `text` must outlive it. Throws TemplateError if the template cannot be understood, UserError if there are tools and
  // no template that would name them.
  ChatPrompt(const LoadedTokenizer& text, std::optional<ToolDefinitions> tools);

  const std::optional<ChatTemplate>& chat_template() const { return template_; }
  const TemplateValue* tools() const {
    return tools_ ? &tools_->value : nullptr;
  }  // as find_tool_calls() has them
  // What the template is told from now on. Throws UserError where it has no switch for it; nothing has changed then.
  void tell(const TemplateOptions& options);

  // Throws TemplateError.
  struct Conversation {
    std::span<const SavedMessage> messages;
    const std::optional<std::string>& system;
    const Clock& clock;
  };
  // With the marks of plain_text.h where users' control tokens stay text.
  std::string text(const Conversation& conversation, bool for_answer = true) const;
  bool marked() const { return !plain_.empty(); }
  // What `text` begins the answer with, if that is a thought; else "".
  std::string opened_thought_of(const Conversation& conversation, const std::string& text) const;

 private:
  const Tokenizer& tokenizer_;
  const TokenizerInfo& info_;
  std::optional<ToolDefinitions> tools_;
  std::optional<ChatTemplate> template_;
  TemplateVariables variables_;
  std::vector<std::string> plain_;              // control tokens that users cannot write; empty: they can
  mutable std::optional<TemplateForms> forms_;  // once they are asked for
};

}  // namespace kelvin
