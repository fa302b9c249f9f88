#include "tools/options/thinking_switch.h"

#include <doctest/doctest.h>

#include <utility>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

ChatTemplate messages_and(const std::string& more) {
  return ChatTemplate::parse("{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}" + more);
}

// "name=value ..." for a wish, or the error.
std::string told(const ChatTemplate& chat_template, std::string_view wish) {
  try {
    std::string text;
    for (const auto& [name, value] : thinking_variables(chat_template, wish))
      text += name + "=" + jinja::to_json(value, {}) + " ";
    return text;
  } catch (const UserError& error) {
    return error.what();
  }
}

TEST_CASE("the switch of a template is the variable that changes its prompt") {
  const ChatTemplate common = messages_and(
      "assistant{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}");
  CHECK(told(common, "on") == "enable_thinking=true ");
  CHECK(told(common, "off") == "enable_thinking=false ");
  CHECK(told(common, "auto") == "");
  CHECK(told(common, "") == "");
  CHECK(test::holds(told(common, "high"), "on, off or auto expected"));
  CHECK(test::holds(told(common, "512"), "no number"));
  CHECK(told(messages_and("{% if thinking %}T{% endif %}"), "on") == "thinking=true ");
  CHECK(told(messages_and("{% if open_thinking %}<think>{% endif %}"), "off") == "open_thinking=false ");
  CHECK(told(messages_and("{% if no_thinking %}<think></think>{% endif %}"), "off") == "no_thinking=true ");
  // It is named, but says nothing.
  const ChatTemplate none = messages_and("{% set thinking = true %}{{ thinking }}");
  CHECK(test::holds(told(none, "on"), "no switch"));
  CHECK(thinking_switch(none) == "");
  CHECK(thinking_switch(common) == "enable_thinking");
  // For one kind of conversation only.
  CHECK(thinking_switch(messages_and("{% if messages[0].role == 'system' and thinking %}T{% endif %}")) ==
        "thinking");
}

TEST_CASE("a template that knows how much") {
  const ChatTemplate effort = messages_and(
      "{% if reasoning_effort not in ['low', 'medium', 'high'] %}{{ raise_exception('no') }}{% endif %}"
      "Reasoning: {{ reasoning_effort }}");
  CHECK(told(effort, "low") == "reasoning_effort=\"low\" ");
  CHECK(told(effort, "on") == "reasoning_effort=\"medium\" ");
  CHECK(test::holds(told(effort, "off"), "cannot switch it off"));
  CHECK(test::holds(told(effort, "much"), "does not take \"much\""));
  const ChatTemplate none = messages_and(
      "{% if reasoning_effort not in ['none', 'high'] %}{{ raise_exception('no') }}{% endif %}"
      "{{ reasoning_effort }}");
  CHECK(told(none, "off") == "reasoning_effort=\"none\" ");
  const ChatTemplate budget =
      messages_and("{% if thinking_budget == 0 %}<think></think>{% else %}{{ thinking_budget }}{% endif %}");
  CHECK(told(budget, "off") == "thinking_budget=0 ");
  CHECK(told(budget, "on") == "");
  CHECK(told(budget, "512") == "thinking_budget=512 ");
}

TEST_CASE("the switches of published templates") {
  const std::string folder = "third_party/expected/templates/templates";
  if (!test::shared_has(folder)) return;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"qwen3", "enable_thinking"},
      {"smollm3", "enable_thinking"},
      {"gemma4_e", "enable_thinking"},
      {"granite33", "thinking"},
      {"minimind", "open_thinking"},
      {"deepseek_r1_distill", "enable_thinking"},
      {"qwen25", ""},
      {"llama31", ""},
      {"mistral_nemo", ""},
      {"gemma2", ""},
      {"phi4", ""},
      {"smollm2", ""}};
  for (const auto& [file, variable] : expected) {
    const std::string name = file;
    CAPTURE(name);
    CHECK(thinking_switch(ChatTemplate::parse(
              test::read_text(test::shared_dir() / folder / (name + ".jinja")))) == variable);
  }
}

}  // namespace
}  // namespace kelvin
