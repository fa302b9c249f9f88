#include "tools/chat/template_forms.h"

#include <utility>
#include <vector>

#include "loaders/tokenizer/prompt.h"
#include "tools/chat/tool_calls.h"

namespace kelvin {
namespace {

// Words that no template writes by itself.
constexpr std::string_view thought_word = "qzthoughtqz";
constexpr std::string_view names[] = {"qzfirstqz", "qzsecondqz"}, values[] = {"qzvalueqz", "qzotherqz"};

class Probe {
 public:
  Probe(const ChatTemplate& chat_template, const TokenizerInfo& info, const TemplateValue& tools)
      : template_(chat_template), info_(info), tools_(tools) {}

  // "" where the template refuses.
  std::string text(std::vector<TemplateValue> messages, bool for_answer = true) const {
    ConversationOptions options;
    options.for_answer = for_answer;
    options.as_given = true;
    options.variables.emplace_back("tools", tools_);
    messages.insert(messages.begin(), TemplateValue::dict({{"role", "user"}, {"content", "hello"}}));
    try {
      return conversation_text(template_, info_, TemplateValue::list(std::move(messages)), options);
    } catch (const TemplateError&) {
      return "";
    }
  }

 private:
  const ChatTemplate& template_;
  const TokenizerInfo& info_;
  const TemplateValue& tools_;
};

std::vector<ToolCall> calls_of(std::size_t count) {
  std::vector<ToolCall> calls;
  for (std::size_t i = 0; i < count; ++i)
    calls.push_back({std::string(names[i]), TemplateValue::dict({{"key", values[i]}})});
  return calls;
}

TemplateValue answer(std::vector<jinja::Entry> more, const TemplateValue& content) {
  more.insert(more.begin(), {{"role", "assistant"}, {"content", content}});
  return TemplateValue::dict(std::move(more));
}

// Whether `count` calls of one answer come out, by their names and `arguments`, and their results are taken.
bool writes(const Probe& probe, std::size_t count, const TemplateForms& forms, bool arguments) {
  const std::vector<ToolCall> calls = calls_of(count);
  std::vector<TemplateValue> messages = {answer({{"tool_calls", calls_value(calls, forms.arguments_as_text)}},
                                                forms.no_content ? TemplateValue() : TemplateValue(""))};
  for (std::size_t i = 0; i < count; ++i) messages.push_back(tool_message("done", calls, i));
  const std::string text = probe.text(std::move(messages));
  for (std::size_t i = 0; i < count; ++i)
    if (text.find(names[i]) == text.npos || (arguments && text.find(values[i]) == text.npos)) return false;
  return true;
}

// A template may write the thought of the last answer only, or of one that calls.
bool writes_thought(const Probe& probe, const std::string& field, const TemplateForms& forms) {
  const jinja::Entry thought = {field, thought_word};
  const std::vector<ToolCall> calls = calls_of(1);
  const TemplateValue calling = answer({thought, {"tool_calls", calls_value(calls, forms.arguments_as_text)}},
                                       forms.no_content ? TemplateValue() : TemplateValue(""));
  const TemplateValue question = TemplateValue::dict({{"role", "user"}, {"content", "and?"}});
  for (const std::string& text :
       {probe.text({answer({thought}, "hello")}, false), probe.text({answer({thought}, "hello"), question}),
        probe.text({calling, tool_message("done", calls, 0)})})
    if (text.find(thought_word) != text.npos) return true;
  return false;
}

}  // namespace

TemplateForms forms_of(const ChatTemplate& chat_template, const TokenizerInfo& info,
                       const TemplateValue& tools) {
  const Probe probe(chat_template, info, tools);
  TemplateForms forms;
  const auto try_forms = [&](bool arguments) {
    for (const bool as_text : {false, true})
      for (const bool no_content : {false, true}) {
        if (forms.writes_calls) return;
        forms.arguments_as_text = as_text;
        forms.no_content = no_content;
        forms.writes_calls = writes(probe, 1, forms, arguments);
        forms.several_calls = forms.writes_calls && writes(probe, 2, forms, arguments);
      }
  };
  try_forms(true);
  try_forms(false);
  if (!forms.writes_calls) forms = {};
  for (const char* field : {"reasoning_content", "reasoning", "thinking"})
    if (forms.thought_field.empty() && writes_thought(probe, field, forms)) forms.thought_field = field;
  return forms;
}

}  // namespace kelvin
