#include "tools/options/template_options.h"

#include <algorithm>
#include <array>

#include "loaders/files/load_error.h"
#include "loaders/json/json_to_value.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

constexpr std::array<std::string_view, 2> conversation = {"messages", "add_generation_prompt"};

bool is_conversation(std::string_view name) {
  return std::find(conversation.begin(), conversation.end(), name) != conversation.end();
}

}  // namespace

std::pair<std::string, TemplateValue> parse_template_argument(const std::string& text) {
  const std::size_t equals = text.find('=');
  const UsageError expected(
      "NAME=JSON, with texts in \"quotes\", such as enable_thinking=false or effort='\"high\"' expected");
  if (equals == 0 || equals == text.npos) throw expected;
  const std::string name = text.substr(0, equals);
  if (is_conversation(name)) throw UsageError("another variable than the conversation itself expected");
  try {
    return {name, json_to_value(parse_json(text.substr(equals + 1), name).root())};
  } catch (const LoadError&) {
    throw expected;
  }
}

TemplateVariables template_arguments(JsonValue object) {
  TemplateVariables arguments;
  for (const JsonMember& member : object.members()) {
    if (is_conversation(member.key)) member.value.fail("this is the conversation itself");
    arguments.emplace_back(std::string(member.key), json_to_value(member.value));
  }
  return arguments;
}

void TemplateOptions::add_to(Flags& flags, bool* fold) {
  const std::string more = fold ? "; fold leaves thoughts out of what is shown" : "";
  flags.option(
      "think", fold ? "on|off|fold" : "on|off",
      "whether the model shall think first, by the switch of its chat template; also low, medium, high or a "
      "number of tokens where the template has them" +
          more,
      [this, fold](const std::string& text) {
        if (fold && (text == "fold" || text == "show"))
          *fold = text == "fold";
        else
          think = text;
      });
  flags.option("template-arg", "NAME=JSON", "a variable for the chat template; may be given several times",
               [this](const std::string& text) { arguments.push_back(parse_template_argument(text)); });
  flags.toggle("plain-user", "control tokens that a user or tool writes stay text", plain_user);
}

TemplateVariables TemplateOptions::variables(const ChatTemplate& chat_template) const {
  TemplateVariables all = thinking_variables(chat_template, think);
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::string TemplateOptions::text() const {
  std::string all = think + (plain_user ? " plain-user" : "");
  for (const auto& [name, value] : arguments) all += " " + name + "=" + jinja::to_json(value, {});
  return all;
}

std::string TemplateOptions::unknown_arguments(const ChatTemplate& chat_template) const {
  std::string notes;
  const std::vector<std::string>& names = chat_template.names();
  for (const auto& [name, value] : arguments)
    if (std::find(names.begin(), names.end(), name) == names.end())
      notes += "note: the chat template never looks at " + name + suggestion(name, names) + "\n";
  return notes;
}

}  // namespace kelvin
