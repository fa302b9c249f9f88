#include "tools/chat/conversation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tools/chat/thought.h"
#include "tools/chat/tool_calls.h"

namespace kelvin {
namespace {

class ConversationWriter {
 public:
  ConversationWriter(const TemplateForms& forms, const TemplateValue* tools) : forms_(forms), tools_(tools) {}

  void say(const std::string& role, const std::string& content) { add(role, content, {}); }

  // An answer, and what the tools said that it has called.
  void answer(const std::string& content, std::span<const SavedMessage> results) {
    const SplitAnswer split = split_answer(content);
    const ToolCalls found = results.empty() ? ToolCalls() : find_tool_calls(split.answer, tools_);
    if (found.calls.empty() || !forms_.writes_calls) {
      const bool closed = content.starts_with(split.raw);
      if (has_field(split))
        add("assistant", split.answer, {{forms_.thought_field, split.thought}});
      else
        say("assistant", closed ? content : split.raw);
      for (std::size_t i = 0; i < results.size(); ++i) result(results[i].content, found.calls, i);
    } else if (forms_.several_calls || found.calls.size() == 1) {
      calling(split, found.text, found.calls);
      for (std::size_t i = 0; i < results.size(); ++i) result(results[i].content, found.calls, i);
    } else {
      // One after the other, each with its result.
      for (std::size_t i = 0; i < results.size(); ++i) {
        const std::span<const ToolCall> all = found.calls;
        const auto call = all.subspan(std::min(i, all.size()), i < all.size() ? 1 : 0);
        if (!call.empty()) calling(i == 0 ? split : SplitAnswer(), i == 0 ? found.text : "", call);
        result(results[i].content, call, 0);
      }
    }
  }

  TemplateValue finish() { return TemplateValue::list(std::move(messages_)); }

 private:
  bool has_field(const SplitAnswer& split) const {
    return !split.thought.empty() && !forms_.thought_field.empty();
  }

  void calling(const SplitAnswer& split, const std::string& text, std::span<const ToolCall> calls) {
    std::vector<jinja::Entry> more = {{"tool_calls", calls_value(calls, forms_.arguments_as_text)}};
    if (has_field(split)) more.emplace_back(forms_.thought_field, split.thought);
    const std::string content = has_field(split) || split.thought.empty() ? text : split.raw + text;
    add("assistant", forms_.no_content ? TemplateValue() : TemplateValue(content), std::move(more));
  }

  void result(const std::string& content, std::span<const ToolCall> calls, std::size_t index) {
    messages_.push_back(tool_message(content, calls, index));
  }

  void add(const std::string& role, const TemplateValue& content, std::vector<jinja::Entry> more) {
    more.insert(more.begin(), {{"role", role}, {"content", content}});
    messages_.push_back(TemplateValue::dict(std::move(more)));
  }

  const TemplateForms& forms_;
  const TemplateValue* tools_;
  std::vector<TemplateValue> messages_;
};

}  // namespace

TemplateValue conversation_value(std::span<const SavedMessage> messages,
                                 const std::optional<std::string>& system, const TemplateForms& forms,
                                 const TemplateValue* tools) {
  ConversationWriter writer(forms, tools);
  if (system) writer.say("system", *system);
  for (std::size_t i = 0; i < messages.size();) {
    if (messages[i].role != "assistant") {
      writer.say(messages[i].role, messages[i].content);
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < messages.size() && messages[end].role == "tool") ++end;
    writer.answer(messages[i].content, messages.subspan(i + 1, end - i - 1));
    i = end;
  }
  return writer.finish();
}

}  // namespace kelvin
