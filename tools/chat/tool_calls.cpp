#include "tools/chat/tool_calls.h"

#include <algorithm>
#include <iterator>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tokenizer/jinja/repr.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

// The definition of a function, if it is known.
const jinja::Value* definition_of(const TemplateValue* tools, std::string_view name) {
  if (!tools || !tools->is_sequence()) return nullptr;
  for (const TemplateValue& tool : tools->as_sequence().items) {
    const jinja::Value* function = tool.is_dict() ? tool.as_dict().find_string("function") : nullptr;
    const jinja::Value* given =
        function && function->is_dict() ? function->as_dict().find_string("name") : nullptr;
    if (given && given->is_string() && given->as_string() == name) return function;
  }
  return nullptr;
}

const jinja::Value* member(const jinja::Value* value, std::string_view key) {
  return value && value->is_dict() ? value->as_dict().find_string(key) : nullptr;
}

// Words that make a tag one around calls: letters of <tool_call>, <｜tool▁calls▁begin｜>, <TOOLCALL>, <|START_ACTION|> ...
constexpr std::string_view tag_words[] = {"toolcall",    "functioncall", "toolsep",     "toolrequest",
                                          "toolsprefix", "toolssuffix",  "startaction", "endaction",
                                          "actionstart", "actionend",    "plugin",      "pythontag"};
constexpr std::string_view brackets[] = {"[TOOL_CALLS]",    "[TOOL_REQUEST]", "[END_TOOL_REQUEST]",
                                         "[TOOL_CALL]",     "[/TOOL_CALLS]",  "functools",
                                         "Action: ```json", "Action:```json"};
constexpr std::size_t longest_tag = 64;  // bytes

// Bytes of the tag around calls with which `text` begins; 0 where it begins with none.
std::size_t tag_extent(std::string_view text) {
  for (const std::string_view bracket : brackets)
    if (text.starts_with(bracket)) return bracket.size();
  if (!text.starts_with('<')) return 0;
  // What has a value is a call itself: <tool_call name="now">.
  const std::size_t end = text.substr(0, longest_tag).find_first_of("<>=", 1);
  if (end == text.npos || text[end] != '>') return 0;
  std::string letters;
  for (const char c : text.substr(0, end)) {
    if (c >= 'A' && c <= 'Z') letters += static_cast<char>(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z') letters += c;
  }
  const auto has = [&](std::string_view word) { return letters.find(word) != letters.npos; };
  return std::any_of(std::begin(tag_words), std::end(tag_words), has) ? end + 1 : 0;
}

// "<|channel|>commentary to=functions.now <|constrain|>json<|message|>{...}", from any of its parts on.
std::size_t read_addressed_call(std::string_view text, std::vector<ToolCall>& calls) {
  constexpr std::string_view address = "to=functions.", message = "<|message|>";
  const std::size_t at = text.find(address), header = text.find(message);
  if (at == text.npos || header == text.npos || header < at || header > 200) return 0;
  const std::string_view name =
      text.substr(at + address.size(), name_extent(text.substr(at + address.size())));
  const std::size_t json = header + message.size();
  const std::size_t length = json_extent(text.substr(json));
  const std::string named = std::string(name) + " " + std::string(text.substr(json, length));
  if (name.empty() || length == 0 || read_named_json_call(named, calls) == 0) return 0;
  return json + length;
}

// Calls where one is expected, in any notation.
std::size_t read_marked_call(std::string_view text, const IsText& is_text, std::vector<ToolCall>& calls) {
  if (const std::size_t taken = read_json_calls(text, true, calls)) return taken;
  if (const std::size_t taken = read_tagged_call(text, is_text, calls)) return taken;
  if (const std::size_t taken = read_colon_call(text, calls)) return taken;
  if (const std::size_t taken = read_python_calls(text, calls)) return taken;
  return read_named_json_call(text, calls);
}

// The calls behind the tag with which `text` begins, and the tags after them; 0 where there is none.
std::size_t read_region(std::string_view text, const IsText& is_text, std::vector<ToolCall>& calls) {
  std::size_t taken = 0;
  for (std::size_t at = tag_extent(text); at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (const std::size_t blanks = std::min(rest.find_first_not_of(" \t\r\n,;"), rest.size())) {
      at += blanks;
    } else if (const std::size_t tag = tag_extent(rest)) {
      at += tag;
      if (taken > 0) taken = at;
    } else if (rest.starts_with("```")) {
      at += rest.starts_with("```json") ? 7 : 3;
      if (taken > 0) taken = at;
    } else if (const std::size_t call = read_marked_call(rest, is_text, calls)) {
      taken = at += call;
    } else {
      break;
    }
  }
  return taken;
}

// An answer that is nothing but calls, without any tag.
bool read_whole(std::string_view answer, const TemplateValue* tools, std::vector<ToolCall>& calls) {
  std::string_view text = without_blanks(answer);
  const bool fenced = text.starts_with("```") && text.ends_with("```") && text.size() >= 6;
  if (fenced) {
    text = text.substr(3, text.size() - 6);
    text = without_blanks(text.substr(std::min(text.find_first_of("\n{["), text.size())));
  }
  if (text.starts_with(">>>")) text.remove_prefix(3);
  std::size_t taken = read_json_calls(text, false, calls);
  bool certain = taken > 0 && !fenced;
  if (taken == 0) {
    taken = read_python_calls(text, calls);
    certain = text.starts_with('[') && !fenced;
  }
  if (taken == 0) taken = read_named_json_call(text, calls);
  const bool known = std::all_of(calls.begin(), calls.end(), [&](const ToolCall& call) {
    return definition_of(tools, call.name) != nullptr;
  });
  if (taken > 0 && without_blanks(text.substr(taken)).empty() && (certain || known)) return true;
  calls.clear();
  return false;
}

std::string id_of_call(std::size_t index) {
  const std::string digits = std::to_string(index + 1);
  return std::string(9 - std::min<std::size_t>(digits.size(), 9), '0') + digits;  // some templates want nine
}

}  // namespace

TemplateValue tool_definitions(JsonValue root) {
  std::vector<TemplateValue> list;
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

ToolDefinitions parse_tools(const std::string& json, const std::string& name) {
  return {json, tool_definitions(parse_json(json, name).root())};
}

ToolCalls find_tool_calls(std::string_view answer, const TemplateValue* tools) {
  ToolCalls found;
  const IsText is_text = [&](std::string_view function, std::string_view parameter) {
    const auto* const properties = member(member(definition_of(tools, function), "parameters"), "properties");
    const auto* const type = member(member(properties, parameter), "type");
    return type && type->is_string() && type->as_string() == "string";
  };
  if (read_whole(answer, tools, found.calls)) return found;
  std::size_t kept = 0;  // up to here it is in found.text
  for (std::size_t at = 0; at < answer.size();) {
    const std::string_view rest = answer.substr(at);
    std::size_t taken = 0;
    if (tag_extent(rest) > 0) taken = read_region(rest, is_text, found.calls);
    if (taken == 0 && (rest.starts_with("<function=") || rest.starts_with("<invoke ")))
      taken = read_tagged_call(rest, is_text, found.calls);
    if (taken == 0 && (rest.starts_with("<|start|>") || rest.starts_with("<|channel|>commentary") ||
                       rest.starts_with("to=functions.")))
      taken = read_addressed_call(rest, found.calls);
    if (taken > 0) {
      found.text += answer.substr(kept, at - kept);
      kept = at += taken;
    } else {
      at = std::min(answer.find_first_of("<[Aft", at + 1), answer.size());
    }
  }
  found.text += answer.substr(kept);
  found.text = without_blanks(found.text);
  return found;
}

TemplateValue calls_value(std::span<const ToolCall> calls, bool arguments_as_text) {
  std::vector<TemplateValue> list;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const TemplateValue arguments =
        arguments_as_text ? TemplateValue(jinja::to_json(calls[i].arguments, {})) : calls[i].arguments;
    list.push_back(TemplateValue::dict(
        {{"id", id_of_call(i)},
         {"type", "function"},
         {"function", TemplateValue::dict({{"name", calls[i].name}, {"arguments", arguments}})}}));
  }
  return TemplateValue::list(std::move(list));
}

TemplateValue tool_message(const std::string& content, std::span<const ToolCall> calls, std::size_t index) {
  if (index >= calls.size()) return TemplateValue::dict({{"role", "tool"}, {"content", content}});
  return TemplateValue::dict({{"role", "tool"},
                              {"content", content},
                              {"name", calls[index].name},
                              {"tool_call_id", id_of_call(index)}});
}

}  // namespace kelvin
