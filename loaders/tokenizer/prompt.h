// From a text or a conversation to the ids that a model reads. Everything that asks a model asks here, so that
// chat, batches and tools give it the same prompt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loaders/tokenizer/tokenizer_folder.h"
#include "tokenizer/chat_template.h"

namespace kelvin {

struct ConversationOptions {
  bool for_answer = true;  // ends where the assistant's answer begins
  std::vector<std::pair<std::string, TemplateValue>> variables =
      {};  // further ones: tools, enable_thinking, ...
  RenderOptions render = {};
  bool as_given =
      false;  // messages are in the form that this template takes: messages.h does nothing to them
  // Texts in the messages of others than the assistant, and in the variables, that equal control tokens are marked
  // (plain_text.h), so that they stay text.
  const std::vector<std::string>* plain = nullptr;
  // What the template sees as bos_token and eos_token, in place of the tokenizer's own; absent inside: undefined.
  std::optional<std::optional<std::string>> bos = {}, eos = {};
};

// The model's template, that for tools where `for_tools` and it has one; nothing where it has none. Throws
// TemplateError, UserError where it has several and none is the default.
std::optional<ChatTemplate> chat_template_of(const TokenizerInfo& info, bool for_tools = false);

// Whether the variables hold tools.
bool has_tools(const ConversationOptions& options);

// The text of a conversation. messages: a list of dicts with role and content, which messages.h makes ready. All named
// special tokens are variables; one that the model does not have is undefined. Throws TemplateError.
std::string conversation_text(const ChatTemplate& chat_template, const TokenizerInfo& info,
                              const TemplateValue& messages, const ConversationOptions& options = {});

// The ids of a prompt, begun by the model's BOS if its tokenizer adds one, also where `prompt` (out of a chat
// template, say) writes it itself: never by two.
// With `marked`, `prompt` has the marks of plain_text.h.
std::vector<int> encode_prompt(const LoadedTokenizer& loaded, std::string_view prompt, bool marked = false);

// The ids of a conversation in the model's own template. With `plain_user`, control tokens that others than the
// assistant write stay text. Throws UserError where the model has no
// template or the template writes nothing, TemplateError where it fails.
std::vector<int> encode_conversation(const LoadedTokenizer& loaded, const TemplateValue& messages,
                                     const ConversationOptions& options = {}, bool plain_user = false);

// The messages of one turn: what the system (if any) and the user say.
TemplateValue one_turn(const std::optional<std::string>& system, const std::string& user);

}  // namespace kelvin
