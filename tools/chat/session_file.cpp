#include "tools/chat/session_file.h"

#include <algorithm>
#include <limits>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_file.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/jinja/repr.h"
#include "tools/options/date_option.h"
#include "tools/options/flags.h"
#include "tools/output/output_file.h"

namespace kelvin {
namespace {

constexpr std::string_view format = "kelvin-chat";
constexpr int version = 1;

void refuse_other_keys(const JsonValue& object, std::initializer_list<std::string_view> known) {
  for (const JsonMember& member : object.members())
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      object.fail("unknown key " + kelvin::in_quotes(member.key));
}

int as_count(const JsonValue& value) {
  const std::int64_t number = value.as_int();
  if (number < 0 || number > std::numeric_limits<int>::max())
    value.fail("a number from 0 to 2147483647 expected, " + std::to_string(number) + " found");
  return static_cast<int>(number);
}

Clock as_day(const JsonValue& value) {
  try {
    return parse_date(std::string(value.as_string()));
  } catch (const UsageError& error) {
    value.fail(error.what());
  }
}

// `before`: who spoke last, "" at the beginning.
SavedMessage parse_message(const JsonValue& value, std::string_view before) {
  refuse_other_keys(value, {"role", "content", "attempt"});
  SavedMessage message;
  message.role = value.at("role").as_string();
  const bool question = message.role == "user" || message.role == "tool";
  const bool asks = before.empty() || before == "assistant";
  const bool another_result = before == "tool" && message.role == "tool";
  if (!(asks ? question : message.role == "assistant" || another_result))
    value.at("role").fail("\"" + std::string(asks ? "user" : "assistant") +
                          "\" expected (user and assistant speak in turn), " +
                          kelvin::in_quotes(message.role) + " found");
  message.content = value.at("content").as_string();
  if (const auto attempt = value.find("attempt")) {
    if (question) attempt->fail("only answers have attempts");
    message.attempt = static_cast<std::uint32_t>(as_count(*attempt));
  }
  return message;
}

SavedChat session_of(const JsonDocument& document) {
  const JsonValue root = document.root();
  if (!root.is_object() || !root.find("format") || !root.at("format").is_string() ||
      root.at("format").as_string() != format)
    root.fail("a chat saved by kelvin-chat expected (\"format\": \"kelvin-chat\")");
  if (root.at("version").as_int() != version)
    root.at("version").fail("version 1 expected, " + std::to_string(root.at("version").as_int()) + " found");
  refuse_other_keys(root, {"format", "version", "model", "seed", "sample", "nonfinite", "n", "date", "think",
                           "template_args", "system", "messages"});
  SavedChat chat;
  chat.model = root.at("model").as_string();
  chat.seed = root.at("seed").as_uint();
  chat.sample = root.at("sample").as_string();
  chat.non_finite = root.at("nonfinite").as_string();
  chat.max_tokens = as_count(root.at("n"));
  chat.clock = as_day(root.at("date"));
  if (const auto think = root.find("think")) chat.chat_template.think = think->as_string();
  if (const auto arguments = root.find("template_args"))
    chat.chat_template.arguments = template_arguments(*arguments);
  if (const auto system = root.find("system")) chat.system = system->as_string();
  for (const JsonValue& value : root.at("messages").items())
    chat.messages.push_back(
        parse_message(value, chat.messages.empty() ? std::string() : chat.messages.back().role));
  if (!chat.messages.empty() && chat.messages.back().role == "user")
    root.at("messages").fail("an answer is missing at the end");
  return chat;
}

}  // namespace

std::string session_text(const SavedChat& chat) {
  JsonWriter json;
  json.begin_object().member("format", format).member("version", version).member("model", chat.model);
  json.member("seed", chat.seed).member("sample", chat.sample).member("nonfinite", chat.non_finite);
  json.member("n", chat.max_tokens).member("date", date_text(chat.clock));
  if (!chat.chat_template.think.empty()) json.member("think", chat.chat_template.think);
  if (!chat.chat_template.arguments.empty()) {
    json.key("template_args").begin_object();
    for (const auto& [name, value] : chat.chat_template.arguments)
      json.key(name).raw(jinja::to_json(value, {}));
    json.end_object();
  }
  if (chat.system) json.member("system", *chat.system);
  json.key("messages").begin_array();
  for (const SavedMessage& message : chat.messages) {
    json.begin_object().member("role", message.role).member("content", message.content);
    if (message.role == "assistant") json.member("attempt", message.attempt);
    json.end_object();
  }
  json.end_array().end_object();
  return json.text() + "\n";
}

SavedChat parse_session(std::string text, const std::string& name) {
  return session_of(parse_json(std::move(text), name));
}

void save_session(const SavedChat& chat, const std::filesystem::path& path) {
  write_file(path, session_text(chat));
}

SavedChat load_session(const std::filesystem::path& path) { return session_of(load_json(path)); }

}  // namespace kelvin
