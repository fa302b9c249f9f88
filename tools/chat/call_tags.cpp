// Calls written in tags: a function, and in it each parameter with its value as it is.
#include <algorithm>
#include <optional>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tools/chat/call_notations.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

struct Tag {
  std::string_view name;   // without a prefix such as "steptml:" or "｜DSML｜"
  std::string_view value;  // of <name=value> or name="value"
  std::size_t end;         // in the text
  bool closes;
};

constexpr std::size_t longest_tag = 256;  // bytes

// The tag with which `text` begins at `at`.
std::optional<Tag> tag_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '<') return std::nullopt;
  const std::size_t length = text.substr(at, longest_tag).find_first_of("<>", 1);
  if (length == text.npos || text[at + length] != '>') return std::nullopt;
  const std::size_t end = at + length;
  std::string_view inside = text.substr(at + 1, end - at - 1);
  const bool closes = inside.starts_with('/');
  if (closes) inside.remove_prefix(1);
  constexpr std::string_view bar = "｜";
  std::string_view name = inside.substr(0, inside.find_first_of(" ="));
  inside.remove_prefix(name.size());
  if (const std::size_t last = name.rfind(bar); last != name.npos) name.remove_prefix(last + bar.size());
  if (const std::size_t colon = name.rfind(':'); colon != name.npos) name.remove_prefix(colon + 1);
  std::string_view value;
  if (inside.starts_with('=')) {
    value = without_blanks(inside.substr(1));
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
  } else if (const std::size_t attribute = inside.find("name=\""); attribute != inside.npos) {
    value = inside.substr(attribute + 6);
    value = value.substr(0, value.find('"'));
  }
  return Tag{name, value, end + 1, closes};
}

// The next tag of one of these names from `at` on, and where it begins.
std::optional<std::pair<std::size_t, Tag>> next_tag(std::string_view text, std::size_t at,
                                                    std::initializer_list<std::string_view> names) {
  for (std::size_t begin; (begin = text.find('<', at)) != text.npos; at = begin + 1) {
    const auto tag = tag_at(text, begin);
    if (tag && std::find(names.begin(), names.end(), tag->name) != names.end()) return std::pair(begin, *tag);
  }
  return std::nullopt;
}

// A line break at either end belongs to the tags.
std::string_view unwrapped(std::string_view value) {
  if (value.starts_with('\n')) value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
}

TemplateValue value_of(std::string_view text, bool is_text) {
  if (!is_text) {
    try {
      return json_to_value(parse_json(std::string(text)).root());
    } catch (const LoadError&) {
      // Then it is a text.
    }
  }
  return TemplateValue(text);
}

// <function=NAME> ... </function> or <invoke name="NAME"> ... </invoke>; the end may be missing.
std::size_t read_function(std::string_view text, const Tag& function, const IsText& is_text,
                          std::vector<ToolCall>& calls) {
  const std::size_t body = std::min(text.find_first_not_of(blank_bytes, function.end), text.size());
  const auto after = [&](std::size_t at) {
    const std::size_t end = std::min(text.find_first_not_of(blank_bytes, at), text.size());
    const auto tag = tag_at(text, end);
    return tag && tag->closes && tag->name == function.name ? tag->end : at;
  };
  if (const std::size_t json = json_extent(text.substr(body))) {
    try {
      const JsonDocument document = parse_json(std::string(text.substr(body, json)));
      if (!document.root().is_object()) return 0;
      calls.push_back({std::string(function.value), json_to_value(document.root())});
      return after(body + json);
    } catch (const LoadError&) {
      return 0;
    }
  }
  std::vector<jinja::Entry> arguments;
  std::size_t at = body;
  for (;;) {
    const auto found = next_tag(text, at, {"parameter", "param", function.name});
    if (!found || found->second.closes || found->second.name == function.name) break;
    const std::string_view key = found->second.value;
    const auto close = next_tag(text, found->second.end, {found->second.name, function.name});
    const std::size_t end = close ? close->first : text.size();
    const std::string_view value = unwrapped(text.substr(found->second.end, end - found->second.end));
    arguments.emplace_back(std::string(key), value_of(value, is_text(function.value, key)));
    at = close && close->second.closes && close->second.name != function.name ? close->second.end : end;
  }
  // Without any parameter a closing tag tells that this is a call.
  const auto closing = next_tag(text, at, {function.name});
  if (arguments.empty() && !(closing && closing->second.closes)) return 0;
  calls.push_back({std::string(function.value), TemplateValue::dict(std::move(arguments))});
  return closing && closing->second.closes ? closing->second.end : at;
}

// NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>...
std::size_t read_keys_and_values(std::string_view text, const IsText& is_text, std::vector<ToolCall>& calls) {
  const std::string_view name = text.substr(0, name_extent(text));
  if (name.empty()) return 0;
  std::vector<jinja::Entry> arguments;
  std::size_t at = name.size();
  const auto element = [&](std::string_view wanted) -> std::optional<std::string_view> {
    const std::size_t begin = std::min(text.find_first_not_of(blank_bytes, at), text.size());
    const auto open = tag_at(text, begin);
    if (!open || open->name != wanted || open->closes) return std::nullopt;
    const auto close = next_tag(text, open->end, {wanted});
    if (!close || !close->second.closes) return std::nullopt;
    at = close->second.end;
    return text.substr(open->end, close->first - open->end);
  };
  for (;;) {
    const auto key = element("arg_key");
    if (!key) break;
    const auto value = element("arg_value");
    if (!value) return 0;
    const std::string_view bare = without_blanks(*key);
    arguments.emplace_back(std::string(bare), value_of(*value, is_text(name, bare)));
  }
  if (arguments.empty()) return 0;
  calls.push_back({std::string(name), TemplateValue::dict(std::move(arguments))});
  return at;
}

}  // namespace

std::size_t read_tagged_call(std::string_view text, const IsText& is_text, std::vector<ToolCall>& calls) {
  const auto tag = tag_at(text, 0);
  const bool function = tag && !tag->closes && !tag->value.empty() &&
                        (tag->name == "function" || tag->name == "invoke" || tag->name == "tool_call");
  return function ? read_function(text, *tag, is_text, calls) : read_keys_and_values(text, is_text, calls);
}

}  // namespace kelvin
