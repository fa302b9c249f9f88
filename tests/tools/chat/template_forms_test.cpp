#include "tools/chat/template_forms.h"

#include <doctest/doctest.h>

#include "tests/support.h"
#include "tools/chat/tool_calls.h"

namespace kelvin {
namespace {

ChatTemplate template_of(const std::string& for_each_message) {
  return ChatTemplate::parse("{% for m in messages %}{{ m.role }}={{ m.content }}" + for_each_message +
                             ";{% endfor %}");
}

TemplateForms forms_of_template(const std::string& for_each_message) {
  return forms_of(template_of(for_each_message), TokenizerInfo(), TemplateValue());
}

const std::string calls =
    "{% for c in m.tool_calls or [] %}!{{ c.function.name }}{{ c.function.arguments|tojson }}{% endfor %}";

}  // namespace

TEST_CASE("a template tells what it does with calls") {
  TemplateForms forms = forms_of_template(calls);
  CHECK(forms.writes_calls);
  CHECK(forms.several_calls);
  CHECK_FALSE(forms.arguments_as_text);
  CHECK_FALSE(forms.no_content);
  CHECK_FALSE(forms_of_template("").writes_calls);
  CHECK(
      forms_of_template("{% if m.tool_calls %}!{{ m.tool_calls[0].function.name }}{% endif %}").writes_calls);
  forms = forms_of_template(
      "{% if m.tool_calls %}!{{ m.tool_calls[0].function.name + m.tool_calls[0].function.arguments }}{% "
      "endif %}");
  CHECK(forms.writes_calls);
  CHECK(forms.arguments_as_text);
  CHECK_FALSE(forms.several_calls);
  forms = forms_of_template(
      "{% if m.tool_calls %}{% if m.content is not none or m.tool_calls|length > 1 %}{{ "
      "raise_exception('no') }}{% endif %}" +
      calls + "{% endif %}");
  CHECK(forms.no_content);
  CHECK(forms.writes_calls);
  CHECK_FALSE(forms.several_calls);
}

TEST_CASE("a template tells where it takes a thought") {
  CHECK(forms_of_template("").thought_field == "");
  CHECK(forms_of_template("({{ m.reasoning_content }})").thought_field == "reasoning_content");
  CHECK(forms_of_template("{{ m.get('reasoning') }}").thought_field == "reasoning");
  CHECK(forms_of_template("{% if loop.last %}{{ m.thinking }}{% endif %}").thought_field == "thinking");
  CHECK(forms_of_template("{% if m.tool_calls %}{{ m.thinking }}{% endif %}").thought_field == "thinking");
  CHECK(forms_of_template("{{ m.content.split('</think>')[-1] }}").thought_field == "");
}

TEST_CASE("what published templates take") {
  const std::string folder = "third_party/expected/templates/templates";
  if (!test::shared_has(folder)) return;
  const auto published = [&](const std::string& name) {
    const ToolDefinitions tools =
        parse_tools(R"([{"name": "now", "description": "d", "parameters": {"properties": {}}}])", "t");
    TokenizerInfo info;
    info.bos = NamedToken{"<s>", 1};
    info.eos = NamedToken{"</s>", 2};
    return forms_of(ChatTemplate::parse(test::read_text(test::shared_dir() / folder / (name + ".jinja"))),
                    info, tools.value);
  };
  for (const char* name :
       {"qwen25", "qwen3", "minimind", "hermes2pro", "mistral_nemo", "gemma4_e", "deepseek_r1_distill"}) {
    CAPTURE(name);
    CHECK(published(name).writes_calls);
    CHECK(published(name).several_calls);
  }
  CHECK(published("llama31").writes_calls);
  CHECK_FALSE(published("llama31").several_calls);
  CHECK_FALSE(published("granite33").writes_calls);
  CHECK_FALSE(published("smollm3").writes_calls);
  CHECK(published("qwen3").thought_field == "reasoning_content");
  CHECK(published("minimind").thought_field == "reasoning_content");
  CHECK(published("gemma4_e").thought_field == "reasoning_content");
  for (const char* name : {"deepseek_r1_distill", "smollm3", "granite33", "llama31"})
    CHECK(published(name).thought_field == "");
  const std::string official = "third_party/tokenizers/deepseek_r1_distill_qwen/chat_template.jinja";
  const TemplateForms r1 = forms_of(ChatTemplate::parse(test::read_text(test::shared_dir() / official)),
                                    TokenizerInfo(), TemplateValue());
  CHECK(r1.no_content);
  CHECK(r1.arguments_as_text);
}

}  // namespace kelvin
