#include "tools/batch/batch_messages.h"

#include <algorithm>
#include <utility>

#include "loaders/json/json_to_value.h"
#include "loaders/tokenizer/plain_text.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/base/user_error.h"
#include "tools/chat/thought.h"
#include "tools/chat/tool_calls.h"

namespace kelvin {
namespace {

bool mentions(const ChatTemplate& chat_template, std::string_view word) {
  return chat_template.source().find(word) != std::string::npos;
}

// Whether a text is shown where a template expects content; if not, it reads parts.
bool takes_texts(const ChatTemplate& chat_template, const TokenizerInfo& info) {
  constexpr const char* probe = "a text to find";
  try {
    return conversation_text(chat_template, info, one_turn(std::nullopt, probe)).find(probe) !=
           std::string::npos;
  } catch (const TemplateError&) {
    return false;
  }
}

class MessageReader {
 public:
  MessageReader(const ChatTemplate& chat_template, const TokenizerInfo& info)
      : template_(chat_template), info_(info) {}

  TemplateValue message(JsonValue given) {
    if (!given.is_object()) given.fail("a message expected: an object with role and content");
    given.at("role").as_string();
    std::vector<jinja::Entry> entries;
    for (const JsonMember& member : given.members()) {
      if (member.key == "role")
        entries.emplace_back("role", role(member.value.as_string()));
      else if (member.key == "content" && member.value.is_array())
        entries.emplace_back("content", content(member.value));
      else
        entries.emplace_back(std::string(member.key), json_to_value(member.value));
    }
    return TemplateValue::dict(std::move(entries));
  }

 private:
  std::string role(std::string_view given) const {
    if (given == "developer" && !mentions(template_, "developer")) return "system";
    if (given == "function" && !mentions(template_, "'function'") && !mentions(template_, "\"function\""))
      return "tool";
    return std::string(given);
  }

  TemplateValue content(JsonValue parts) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const JsonValue part = parts.at(i);
      text += (i > 0 ? "\n" : "") + std::string(text_of(part));
    }
    if (!takes_texts_) takes_texts_ = takes_texts(template_, info_);
    return *takes_texts_ ? TemplateValue(text) : json_to_value(parts);
  }

  static std::string_view text_of(JsonValue part) {
    if (part.is_string()) return part.as_string();
    const std::string_view type = part.at("type").as_string();
    if (type == "text" || type == "refusal") return part.at(type).as_string();
    part.fail("a part of type text expected, " + std::string(type) +
              " found: Kelvin's models read text alone");
  }

  const ChatTemplate& template_;
  const TokenizerInfo& info_;
  std::optional<bool> takes_texts_;
};

std::string thought_begun(const ChatTemplate& chat_template, const TokenizerInfo& info,
                          const std::string& text, const TemplateValue& messages,
                          ConversationOptions options) {
  options.for_answer = false;
  const std::string closed = conversation_text(chat_template, info, messages, options);
  if (text == closed) return std::string(marker_at_end(text));
  const auto opening = std::mismatch(text.begin(), text.end(), closed.begin(), closed.end()).first;
  return std::string(opened_thought(std::string_view(opening, text.end())));
}

void read_tool_choice(ChatBody& body, const std::string& key, JsonValue value,
                      std::vector<std::string>& warnings) {
  constexpr const char* why = ": ignored: Kelvin cannot bind an answer to a call yet; the model chooses";
  const std::string_view choice = value.is_object() ? "required" : value.as_string();
  if (choice != "none" && choice != "auto" && choice != "required")
    value.fail("none, auto, required or a function expected");
  if (choice == "required") warnings.push_back(key + why);
  body.gives_tools = choice != "none";
}

}  // namespace

bool read_chat_key(ChatBody& body, const std::string& key, JsonValue value,
                   std::vector<std::string>& warnings) {
  if (key == "chat_template_kwargs") {
    for (auto& argument : template_arguments(value)) {
      body.variables.emplace_back(key + "." + argument.first, argument.first);
      body.told.arguments.push_back(std::move(argument));
    }
  } else if (key == "reasoning_effort") {
    body.variables.emplace_back(key, key);
    body.told.arguments.emplace_back(key, TemplateValue(value.as_string()));
  } else if (key == "plain_user") {
    body.told.plain_user = value.as_bool();
  } else if (key == "tools" || key == "functions") {
    if (!value.is_array() || value.size() > 0) body.tools = tool_definitions(value);
    body.calls_function = key == "functions";
  } else if (key == "tool_choice" || key == "function_call") {
    read_tool_choice(body, key, value, warnings);
  } else if (key == "parallel_tool_calls") {
    body.one_call = !value.as_bool();
  } else if (key == "response_format") {
    const JsonValue type = value.at("type");
    if (type.as_string() != "text" && type.as_string() != "json_object" && type.as_string() != "json_schema")
      type.fail("text, json_object or json_schema expected");
    if (type.as_string() != "text")
      warnings.push_back(key +
                         ": ignored: Kelvin cannot bind an answer to a form yet; ask for JSON in a message");
  } else if (key == "modalities") {
    for (const JsonValue item : value.items())
      if (item.as_string() != "text") item.fail("text expected: answers are text");
  } else if (key == "add_generation_prompt") {
    if (!value.as_bool()) value.fail("true expected: the answer begins where the template says");
  } else {
    return false;
  }
  return true;
}

ChatPromptText chat_prompt_text(const OpenModel& model, const ChatBody& body) {
  const TokenizerInfo& info = model.text.info;
  const auto own = chat_template_of(info, body.tools.has_value());
  if (!own) throw UserError("the model has no chat template, so it takes no messages");
  ConversationOptions options;
  options.variables = body.told.variables(*own);
  ChatPromptText prompt;
  if (body.tools) {
    options.variables.emplace_back("tools", *body.tools);
    if (!mentions(*own, "tools"))
      prompt.warnings.emplace_back("tools: ignored: the model's chat template names none");
  }
  for (const auto& [key, name] : body.variables)
    if (std::find(own->names().begin(), own->names().end(), name) == own->names().end())
      prompt.warnings.push_back(key + ": ignored: the model's chat template never looks at it");
  std::vector<std::string> tokens;
  if (body.told.plain_user) tokens = control_tokens(model.text.tokenizer, *own);
  if (body.told.plain_user) options.plain = &tokens;
  MessageReader reader(*own, info);
  std::vector<TemplateValue> list;
  for (const JsonValue message : body.messages->items()) list.push_back(reader.message(message));
  const TemplateValue messages = TemplateValue::list(std::move(list));
  const std::string text = conversation_text(*own, info, messages, options);
  prompt.ids = encode_prompt(model.text, text, body.told.plain_user);
  if (prompt.ids.empty()) throw UserError("the chat template writes an empty prompt");
  prompt.opened_thought = thought_begun(*own, info, text, messages, options);
  return prompt;
}

}  // namespace kelvin
