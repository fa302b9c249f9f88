#include "tools/chat/chat_prompt.h"

namespace kelvin {
namespace {

std::optional<std::string> content_of(const std::optional<NamedToken>& token) {
  return token ? std::optional(token->content) : std::nullopt;
}

std::vector<int> ids_of(const OpenModel& model, const auto& messages) {
  const TokenizerInfo& info = model.text.info;
  if (!info.chat_template) throw UsageError("the model has no chat template, so it takes no messages");
  const ChatTemplate chat = ChatTemplate::parse(*info.chat_template, info.chat_template_origin);
  const std::string text = render_chat(chat, messages, true, content_of(info.bos), content_of(info.eos));
  std::vector<int> ids = encode_prompt(model, text);
  if (ids.empty()) throw UsageError("the chat template writes an empty prompt");
  return ids;
}

}  // namespace

std::vector<int> chat_prompt(const OpenModel& model, const TemplateValue& messages) {
  return ids_of(model, messages);
}

std::vector<int> chat_prompt(const OpenModel& model, const std::optional<std::string>& system,
                             const std::string& user) {
  std::vector<ChatMessage> messages;
  if (system) messages.push_back({"system", *system});
  messages.push_back({"user", user});
  return ids_of(model, messages);
}

}  // namespace kelvin
