// Calls written as JSON, alone or behind the function's name.
#include <algorithm>
#include <optional>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tools/chat/call_notations.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

std::optional<JsonValue> first_of(JsonValue object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (const auto value = object.find(key)) return value;
  return std::nullopt;
}

// Some write the arguments as a JSON text within the JSON.
std::optional<TemplateValue> arguments_of(JsonValue value) {
  if (value.is_object()) return json_to_value(value);
  if (value.is_null()) return TemplateValue::dict({});
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = without_blanks(value.as_string());
  if (text.empty()) return TemplateValue::dict({});
  const JsonDocument inner = parse_json(std::string(text));
  return inner.root().is_object() ? std::optional(json_to_value(inner.root())) : std::nullopt;
}

std::optional<ToolCall> call_of(JsonValue value, bool marked) {
  if (!value.is_object()) return std::nullopt;
  if (const auto function = value.find("function"); function && function->is_object())
    return call_of(*function, marked);
  const auto name = first_of(value, {"name", "tool_name", "function"});
  const auto arguments = first_of(value, {"arguments", "parameters", "args", "tool_input"});
  if (name && name->is_string() && (arguments || marked)) {
    auto given = arguments ? arguments_of(*arguments) : TemplateValue::dict({});
    if (!given) return std::nullopt;
    return ToolCall{std::string(name->as_string()), *std::move(given)};
  }
  if (!marked || name || value.size() != 1) return std::nullopt;
  const JsonMember only = *value.members().begin();
  return only.value.is_object() ? std::optional(ToolCall{std::string(only.key), json_to_value(only.value)})
                                : std::nullopt;
}

// False where `json` is none, or holds anything but calls.
bool add_calls(std::string_view json, bool marked, std::vector<ToolCall>& calls) {
  const std::size_t before = calls.size();
  try {
    const JsonDocument document = parse_json(std::string(json));
    const auto add = [&](JsonValue value) {
      auto call = call_of(value, marked);
      if (call) calls.push_back(*std::move(call));
      return call.has_value();
    };
    bool all = true;
    if (document.root().is_array())
      for (const JsonValue item : document.root().items()) all = all && add(item);
    else
      all = add(document.root());
    if (all && calls.size() > before) return true;
  } catch (const LoadError&) {
    // No JSON after all.
  }
  calls.resize(before);
  return false;
}

std::size_t skip(std::string_view text, std::size_t at, std::string_view what) {
  return std::min(text.find_first_not_of(what, at), text.size());
}

// What may stand between a name and its arguments: an id, tags, the fence of a code block.
std::size_t skip_separators(std::string_view text, std::size_t at) {
  for (;;) {
    at = skip(text, at, blank_bytes);
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("[CALL_ID]")) {
      at = std::min(text.find('[', at + 1), text.size());
    } else if (rest.starts_with("[ARGS]")) {
      at += 6;
    } else if (rest.starts_with("```json")) {
      at += 7;
    } else if (rest.starts_with("```")) {
      at += 3;
    } else if (rest.starts_with("<|") || rest.starts_with("<｜")) {
      const std::size_t end = rest.find('>');
      if (end == rest.npos) return at;
      at += end + 1;
    } else {
      return at;
    }
  }
}

}  // namespace

std::size_t name_extent(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), allowed) - text.begin());
}

std::size_t json_extent(std::string_view text) {
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return 0;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

std::size_t read_json_calls(std::string_view text, bool marked, std::vector<ToolCall>& calls) {
  std::size_t taken = 0;
  for (std::size_t at = 0;;) {
    const std::size_t length = json_extent(text.substr(at));
    if (length == 0 || !add_calls(text.substr(at, length), marked, calls)) return taken;
    taken = at + length;
    at = skip(text, taken, " \t\r\n,;");
  }
}

std::size_t read_named_json_call(std::string_view text, std::vector<ToolCall>& calls) {
  std::size_t length = name_extent(text);
  if (length == 0) return 0;
  std::string_view name = text.substr(0, length);
  if (text.substr(length).starts_with(':')) length = skip(text, length + 1, "0123456789");
  std::size_t at = skip_separators(text, length);
  // "function", a separator, and then the name.
  if (const std::size_t second = name_extent(text.substr(at)); name == "function" && second > 0) {
    name = text.substr(at, second);
    at = skip_separators(text, at + second);
  }
  const std::size_t json = json_extent(text.substr(at));
  if (json == 0) return 0;
  try {
    const JsonDocument document = parse_json(std::string(text.substr(at, json)));
    if (!document.root().is_object()) return 0;
    constexpr std::string_view space = "functions.";
    if (name.starts_with(space)) name.remove_prefix(space.size());
    calls.push_back({std::string(name), json_to_value(document.root())});
  } catch (const LoadError&) {
    return 0;
  }
  return at + json;
}

}  // namespace kelvin
