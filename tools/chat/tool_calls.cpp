#include "tools/chat/tool_calls.h"

#include <algorithm>
#include <optional>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"

namespace kelvin {
namespace {

TemplateValue tools_of(const JsonDocument& document) {
  std::vector<TemplateValue> list;
  const JsonValue root = document.root();
  if (!root.is_array())
    root.fail("a list of tool definitions expected, " + std::string(json_type_name(root.type())) + " found");
  for (const JsonValue tool : root.items()) {
    const auto function = tool.find("function");
    (function ? *function : tool).at("name").as_string();
    list.push_back(function ? json_to_value(tool)
                            : TemplateValue::dict({{"type", "function"}, {"function", json_to_value(tool)}}));
  }
  return TemplateValue::list(std::move(list));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == text.npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

// The call in {"name": ..., "arguments": {...}}.
std::optional<ToolCall> call_of(JsonValue value) {
  if (!value.is_object()) return std::nullopt;
  const auto name = value.find("name");
  auto arguments = value.find("arguments");
  if (!arguments) arguments = value.find("parameters");
  if (!name || !name->is_string() || !arguments || !arguments->is_object()) return std::nullopt;
  return ToolCall{std::string(name->as_string()), json_to_value(*arguments)};
}

// Adds the calls of a JSON object or list; false if `json` is anything else.
bool add_calls(std::string_view json, std::vector<ToolCall>& calls) {
  try {
    const JsonDocument document = parse_json(std::string(json));
    const std::size_t before = calls.size();
    const auto add = [&](JsonValue value) {
      if (auto call = call_of(value)) calls.push_back(*std::move(call));
    };
    if (document.root().is_array())
      for (const JsonValue item : document.root().items()) add(item);
    else
      add(document.root());
    return calls.size() > before;
  } catch (const LoadError&) {
    return false;
  }
}

std::string id_of_call(std::size_t index) {
  const std::string digits = std::to_string(index + 1);
  return std::string(9 - std::min<std::size_t>(digits.size(), 9), '0') + digits;  // some templates want nine
}

}  // namespace

ToolDefinitions parse_tools(const std::string& json, const std::string& name) {
  return {json, tools_of(parse_json(json, name))};
}

ToolCalls find_tool_calls(std::string_view answer) {
  constexpr std::string_view open = "<tool_call>", close = "</tool_call>", list = "[TOOL_CALLS]",
                             python = "<|python_tag|>";
  ToolCalls found;
  if (answer.find(open) != answer.npos) {
    std::size_t at = 0;
    for (std::size_t begin; (begin = answer.find(open, at)) != answer.npos;) {
      const std::size_t inside = begin + open.size();
      const std::size_t end = std::min(answer.find(close, inside), answer.size());
      found.text += answer.substr(at, begin - at);
      if (!add_calls(trimmed(answer.substr(inside, end - inside)), found.calls))
        found.text += answer.substr(begin, end - begin);
      at = std::min(end + close.size(), answer.size());
    }
    found.text += answer.substr(at);
  } else if (const std::size_t begin = answer.find(list); begin != answer.npos) {
    found.text = answer.substr(0, begin);
    add_calls(trimmed(answer.substr(begin + list.size())), found.calls);
  } else {
    std::string_view whole = trimmed(answer);
    if (whole.starts_with(python)) whole = trimmed(whole.substr(python.size()));
    if (whole.starts_with('{') || whole.starts_with('[')) add_calls(whole, found.calls);
  }
  found.text = trimmed(found.text);
  return found;
}

TemplateValue calling_message(const ToolCalls& found) {
  std::vector<TemplateValue> calls;
  for (std::size_t i = 0; i < found.calls.size(); ++i)
    calls.push_back(TemplateValue::dict(
        {{"id", id_of_call(i)},
         {"type", "function"},
         {"function",
          TemplateValue::dict({{"name", found.calls[i].name}, {"arguments", found.calls[i].arguments}})}}));
  return TemplateValue::dict({{"role", "assistant"},
                              {"content", found.text},
                              {"tool_calls", TemplateValue::list(std::move(calls))}});
}

TemplateValue tool_message(const std::string& content, const ToolCalls& found) {
  if (found.calls.empty()) return TemplateValue::dict({{"role", "tool"}, {"content", content}});
  return TemplateValue::dict({{"role", "tool"},
                              {"content", content},
                              {"name", found.calls[0].name},
                              {"tool_call_id", id_of_call(0)}});
}

}  // namespace kelvin
