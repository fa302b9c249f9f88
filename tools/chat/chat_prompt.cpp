#include "tools/chat/chat_prompt.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "loaders/tokenizer/plain_text.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/base/user_error.h"
#include "tools/chat/conversation.h"
#include "tools/chat/thought.h"
#include "tools/output/blanks.h"

namespace kelvin {

ChatPrompt::ChatPrompt(const LoadedTokenizer& text, std::optional<ToolDefinitions> tools)
    : tokenizer_(text.tokenizer),
      info_(text.info),
      tools_(std::move(tools)),
      template_(chat_template_of(info_, tools_.has_value())) {
  if (tools_ && (!template_ || template_->source().find("tools") == std::string::npos))
    throw UserError("--tools: this model has no chat template that names tools");
}

void ChatPrompt::tell(const TemplateOptions& options) {
  if (options.given() && !template_)
    throw UserError("think, template-arg, plain-user: this model has no chat template");
  if (template_) variables_ = options.variables(*template_);
  plain_.clear();
  if (template_ && options.plain_user) plain_ = control_tokens(tokenizer_, *template_);
}

std::string ChatPrompt::text(const Conversation& conversation, bool for_answer) const {
  const std::span<const SavedMessage> messages = conversation.messages;
  if (!template_) {
    std::string text = conversation.system.value_or("");
    for (const SavedMessage& message : messages) text += message.content;
    return text;
  }
  ConversationOptions options;
  options.for_answer = for_answer;
  options.as_given = true;  // as forms_ says
  options.variables = variables_;
  if (marked()) options.plain = &plain_;
  if (tools_) options.variables.emplace_back("tools", tools_->value);
  options.render.clock = conversation.clock;
  // A template is probed only where there is an answer that it may want in another form.
  const bool answered = std::any_of(messages.begin(), messages.end(),
                                    [](const SavedMessage& message) { return message.role == "assistant"; });
  if (answered && !forms_) forms_ = forms_of(*template_, info_, tools_ ? tools_->value : TemplateValue());
  const TemplateForms forms = forms_.value_or(TemplateForms());
  return conversation_text(*template_, info_,
                           conversation_value(messages, conversation.system, forms, tools()), options);
}

std::string ChatPrompt::opened_thought_of(const Conversation& conversation, const std::string& text) const {
  if (!template_) return "";
  const std::string closed = this->text(conversation, false);
  if (text != closed) {
    const auto opening = std::mismatch(text.begin(), text.end(), closed.begin(), closed.end()).first;
    return std::string(opened_thought(std::string_view(opening, text.end())));
  }
  // The template begins an answer whether it is asked to or not.
  const std::string_view marker = marker_at_end(text);
  const bool said = !conversation.messages.empty() &&
                    without_blanks(conversation.messages.back().content).ends_with(without_blanks(marker));
  return said ? "" : std::string(marker);
}

}  // namespace kelvin
