// The slash words for what a model thinks and calls.
#include <algorithm>

#include "loaders/files/load_error.h"
#include "tokenizer/jinja/repr.h"
#include "tools/chat/chat_commands.h"

namespace kelvin {

std::string shown_call(const ToolCall& call) {
  return printable(call.name) + " with " + printable(jinja::to_json(call.arguments, {}), 400);
}

void ChatCommands::set_think(const std::string& value) {
  if (value == "fold" || value == "show") {
    view_.fold_thoughts = value == "fold";
  } else {
    TemplateOptions options = session_.settings().chat_template;
    options.think = value == "auto" ? "" : value;
    session_.tell_template(std::move(options));
  }
  show("think");
}

void ChatCommands::set_template_argument(const std::string& value) {
  TemplateOptions options = session_.settings().chat_template;
  if (value == "off") {
    options.arguments.clear();
  } else {
    auto argument = parse_template_argument(value);
    std::erase_if(options.arguments, [&](const auto& old) { return old.first == argument.first; });
    options.arguments.push_back(std::move(argument));
  }
  session_.tell_template(options);
  show("template-arg");
  if (session_.has_template()) out_ << options.unknown_arguments(*session_.chat_template());
}

// What the template is told, and whether thoughts are shown.
std::string ChatCommands::think_line() const {
  const std::string& think = session_.settings().chat_template.think;
  std::string line = think.empty() ? "as the template does" : think;
  if (session_.has_template()) {
    const std::string name = thinking_switch(*session_.chat_template());
    line += name.empty() ? " (it has no switch)" : " (its switch is " + name + ")";
  }
  return line + (view_.fold_thoughts ? ", folded" : "");
}

std::string ChatCommands::template_arguments_line() const {
  std::string line;
  for (const auto& [name, value] : session_.settings().chat_template.arguments)
    line += (line.empty() ? "" : " ") + name + "=" + printable(jinja::to_json(value, {}), 200);
  return line.empty() ? "none" : line;
}

void ChatCommands::show_thought() {
  const std::string thought = session_.last_split().thought;
  if (thought.empty()) throw ChatError("the last answer has no thought");
  out_ << thought << "\n";
}

void ChatCommands::tool(const std::string& text) {
  tool_text_.clear();
  if (text.empty()) throw ChatError("/tool needs what the tool said");
  if (session_.messages().empty()) throw ChatError("no tool has been called yet");
  const std::vector<ToolCall> calls = session_.open_calls();
  if (calls.size() <= 1) {
    tool_text_ = text;
    return;
  }
  session_.keep_result(text);
  out_ << "[that is what " << printable(calls[0].name) << " said; /tool TEXT answers " << shown_call(calls[1])
       << "]\n";
}

}  // namespace kelvin
