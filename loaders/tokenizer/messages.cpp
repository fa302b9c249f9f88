#include "loaders/tokenizer/messages.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

using Entries = std::vector<jinja::Entry>;
using Change = std::function<TemplateValue(const TemplateValue&)>;

bool is_list(const TemplateValue& value) { return value.is_sequence(jinja::SequenceKind::list); }

TemplateValue each(const TemplateValue& list, const Change& change) {
  std::vector<TemplateValue> items = list.as_sequence().items;
  for (TemplateValue& item : items) item = change(item);
  return TemplateValue::list(std::move(items));
}

// `dict` with the member of that name changed; unchanged if it has none.
TemplateValue with_member(const TemplateValue& dict, std::string_view name, const Change& change) {
  if (!dict.is_dict() || !dict.as_dict().find_string(name)) return dict;
  Entries entries = dict.as_dict().entries();
  for (auto& [key, value] : entries)
    if (key.is_string() && key.as_string() == name) value = change(value);
  return TemplateValue::dict(std::move(entries));
}

// Changes `arguments` of each call of each message, within "function" or beside it.
TemplateValue each_arguments(const TemplateValue& messages, const Change& change) {
  if (!is_list(messages)) return messages;
  return each(messages, [&](const TemplateValue& message) {
    return with_member(message, "tool_calls", [&](const TemplateValue& calls) {
      if (!is_list(calls)) return calls;
      return each(calls, [&](const TemplateValue& call) {
        const TemplateValue inner = with_member(call, "function", [&](const TemplateValue& function) {
          return with_member(function, "arguments", change);
        });
        return with_member(inner, "arguments", change);
      });
    });
  });
}

std::optional<TemplateValue> parsed_object(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) return TemplateValue::dict({});
  try {
    const JsonDocument document = parse_json(text);
    if (document.root().is_object()) return json_to_value(document.root());
  } catch (const LoadError&) {
    // Not JSON: the model's own words, which the template gets as they are.
  }
  return std::nullopt;
}

// Values and bytes of text in it.
struct Extent {
  std::uint64_t values = 0, bytes = 0;
};

void measure(const TemplateValue& value, Extent& extent) {
  ++extent.values;
  if (value.is_string()) extent.bytes += value.as_string().size();
  if (value.is_sequence())
    for (const TemplateValue& item : value.as_sequence().items) measure(item, extent);
  if (value.is_dict())
    for (const auto& [key, item] : value.as_dict().entries()) {
      measure(key, extent);
      measure(item, extent);
    }
}

}  // namespace

TemplateValue normalized_messages(const TemplateValue& messages) {
  if (!is_list(messages)) return messages;
  return each(messages, [](const TemplateValue& message) {
    if (!message.is_dict()) return message;
    static constexpr std::string_view names[] = {"reasoning_content", "thinking", "reasoning"};
    Entries entries;
    for (const jinja::Entry& entry : message.as_dict().entries())
      if (!entry.second.is_none()) entries.push_back(entry);
    const TemplateValue given = TemplateValue::dict(std::move(entries));
    Entries all = given.as_dict().entries();
    const auto* const first = std::find_if(std::begin(names), std::end(names), [&](std::string_view name) {
      return given.as_dict().find_string(name) != nullptr;
    });
    if (first == std::end(names)) return given;
    for (const std::string_view name : names)
      if (!given.as_dict().find_string(name)) all.emplace_back(name, *given.as_dict().find_string(*first));
    return TemplateValue::dict(std::move(all));
  });
}

std::optional<TemplateValue> parsed_arguments(const TemplateValue& messages) {
  bool any = false;
  TemplateValue parsed = each_arguments(messages, [&](const TemplateValue& arguments) {
    const auto object = arguments.is_string() ? parsed_object(arguments.as_string()) : std::nullopt;
    any = any || object;
    return object.value_or(arguments);
  });
  return any ? std::optional(std::move(parsed)) : std::nullopt;
}

bool prints_arguments(const std::string& text, const TemplateValue& messages) {
  bool found = false;
  each_arguments(messages, [&](const TemplateValue& arguments) {
    found = found || (arguments.is_dict() && !arguments.as_dict().entries().empty() &&
                      text.find(jinja::repr(arguments)) != text.npos);
    return arguments;
  });
  return found;
}

RenderOptions scaled_limits(RenderOptions options, const TemplateValue& messages) {
  constexpr std::uint64_t steps_per_pair = 32, steps_per_value = 64, bytes_per_byte = 16;
  constexpr std::uint64_t most = std::uint64_t{1} << 36;
  Extent extent;
  measure(messages, extent);
  const std::uint64_t count = messages.is_sequence() ? messages.as_sequence().items.size() : 0;
  const std::uint64_t pairs = std::min(count, most >> 20) * std::min(count, most >> 20);
  options.limits.steps +=
      std::min(most, steps_per_pair * pairs + steps_per_value * extent.values + extent.bytes);
  options.limits.bytes += std::min(most, bytes_per_byte * extent.bytes);
  return options;
}

}  // namespace kelvin
