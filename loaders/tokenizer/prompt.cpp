#include "loaders/tokenizer/prompt.h"

#include <algorithm>

#include "tokenizer/base/user_error.h"
namespace kelvin {
namespace {

std::optional<std::string> content_of(const std::optional<NamedToken>& token) {
  return token ? std::optional(token->content) : std::nullopt;
}

}  // namespace

std::optional<ChatTemplate> chat_template_of(const TokenizerInfo& info, bool for_tools) {
  const std::optional<std::string>& source =
      for_tools && info.tool_chat_template ? info.tool_chat_template : info.chat_template;
  if (!source) return std::nullopt;
  return ChatTemplate::parse(*source, info.chat_template_origin);
}

std::string conversation_text(const ChatTemplate& chat_template, const TokenizerInfo& info,
                              const TemplateValue& messages, const ConversationOptions& options) {
  return render_chat(chat_template, messages, options.for_answer, options.bos.value_or(content_of(info.bos)),
                     options.eos.value_or(content_of(info.eos)), options.variables, options.render);
}

std::vector<int> encode_prompt(const LoadedTokenizer& loaded, std::string_view prompt) {
  std::vector<int> ids = loaded.tokenizer.encode(prompt, false);
  // What the tokenizer puts around an empty text: BOS, or several tokens; an end token has no place in a
  // prompt.
  std::vector<int> begin = loaded.tokenizer.encode("", true);
  const std::optional<NamedToken>& eos = loaded.info.eos;
  if (begin.size() > 1 && eos && eos->id == begin.back()) begin.pop_back();
  if (ids.size() < begin.size() || !std::equal(begin.begin(), begin.end(), ids.begin()))
    ids.insert(ids.begin(), begin.begin(), begin.end());
  return ids;
}

std::vector<int> encode_conversation(const LoadedTokenizer& loaded, const TemplateValue& messages,
                                     const ConversationOptions& options) {
  const std::optional<ChatTemplate> chat_template = chat_template_of(loaded.info);
  if (!chat_template) throw UserError("the model has no chat template, so it takes no messages");
  std::vector<int> ids =
      encode_prompt(loaded, conversation_text(*chat_template, loaded.info, messages, options));
  if (ids.empty()) throw UserError("the chat template writes an empty prompt");
  return ids;
}

TemplateValue one_turn(const std::optional<std::string>& system, const std::string& user) {
  std::vector<TemplateValue> messages;
  const auto say = [&](const char* role, const std::string& content) {
    messages.push_back(TemplateValue::dict({{"role", role}, {"content", content}}));
  };
  if (system) say("system", *system);
  say("user", user);
  return TemplateValue::list(std::move(messages));
}

}  // namespace kelvin
