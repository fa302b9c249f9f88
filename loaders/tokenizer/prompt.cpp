#include "loaders/tokenizer/prompt.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/messages.h"
#include "loaders/tokenizer/plain_text.h"
#include "tokenizer/base/user_error.h"
namespace kelvin {
namespace {

std::optional<std::string> content_of(const std::optional<NamedToken>& token) {
  return token ? std::optional(token->content) : std::nullopt;
}

// All named special tokens but those that have arguments of their own.
std::vector<std::pair<std::string, TemplateValue>> token_variables(const TokenizerInfo& info) {
  std::vector<std::pair<std::string, TemplateValue>> variables;
  if (info.unk) variables.emplace_back("unk_token", info.unk->content);
  if (info.pad) variables.emplace_back("pad_token", info.pad->content);
  for (const auto& [name, content] : info.more_tokens) variables.emplace_back(name, content);
  return variables;
}

}  // namespace

std::optional<ChatTemplate> chat_template_of(const TokenizerInfo& info, bool for_tools) {
  const std::optional<std::string>& source =
      for_tools && info.tool_chat_template ? info.tool_chat_template : info.chat_template;
  if (source) return ChatTemplate::parse(*source, info.chat_template_origin);
  if (info.named_templates.empty()) return std::nullopt;
  std::string names;
  for (const auto& [name, text] : info.named_templates)
    names += (names.empty() ? "" : ", ") + printable(name, 60);
  throw UserError("the model has several chat templates and none is called default: " + names);
}

bool has_tools(const ConversationOptions& options) {
  return std::any_of(options.variables.begin(), options.variables.end(), [](const auto& variable) {
    return variable.first == "tools" && !variable.second.is_none();
  });
}

std::string conversation_text(const ChatTemplate& chat_template, const TokenizerInfo& info,
                              const TemplateValue& messages, const ConversationOptions& options) {
  TemplateValue said = options.as_given ? messages : normalized_messages(messages);
  if (options.plain) said = with_marks_of_users(said, *options.plain);
  const RenderOptions render = scaled_limits(options.render, said);
  std::vector<std::pair<std::string, TemplateValue>> variables = token_variables(info);
  for (const auto& [name, value] : options.variables)
    variables.emplace_back(name, options.plain ? with_marks(value, *options.plain) : value);
  const auto text_of = [&](const TemplateValue& conversation) {
    return render_chat(chat_template, conversation, options.for_answer,
                       options.bos.value_or(content_of(info.bos)), options.eos.value_or(content_of(info.eos)),
                       variables, render);
  };
  const std::optional<TemplateValue> parsed = options.as_given ? std::nullopt : parsed_arguments(said);
  if (!parsed) return text_of(said);
  // Most templates take arguments as a dict; one that takes text fails, or prints the dict as Python does.
  std::string text;
  try {
    text = text_of(*parsed);
    if (!prints_arguments(text, *parsed)) return text;
  } catch (const TemplateError&) {
    try {
      return text_of(said);
    } catch (const TemplateError&) {
      // What the first says is nearer to the cause.
    }
    throw;
  }
  try {
    return text_of(said);
  } catch (const TemplateError&) {
    return text;
  }
}

std::vector<int> encode_prompt(const LoadedTokenizer& loaded, std::string_view prompt, bool marked) {
  std::vector<int> ids =
      marked ? encode_marked(loaded.tokenizer, prompt) : loaded.tokenizer.encode(prompt, false);
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
                                     const ConversationOptions& given, bool plain_user) {
  ConversationOptions options = given;
  const std::optional<ChatTemplate> chat_template = chat_template_of(loaded.info, has_tools(options));
  if (!chat_template) throw UserError("the model has no chat template, so it takes no messages");
  std::vector<std::string> tokens;
  if (plain_user) tokens = control_tokens(loaded.tokenizer, *chat_template);
  if (plain_user) options.plain = &tokens;
  std::vector<int> ids =
      encode_prompt(loaded, conversation_text(*chat_template, loaded.info, messages, options), plain_user);
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
