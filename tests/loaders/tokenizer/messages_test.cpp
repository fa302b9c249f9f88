#include "loaders/tokenizer/messages.h"

#include <doctest/doctest.h>

#include "loaders/json/json.h"
#include "loaders/json/json_to_value.h"
#include "loaders/tokenizer/prompt.h"
#include "tokenizer/jinja/repr.h"

using namespace kelvin;

namespace {

TemplateValue messages_of(const char* json) { return json_to_value(parse_json(json).root()); }

std::string text_of(const std::string& source, const char* messages, const TokenizerInfo& info = {}) {
  return conversation_text(ChatTemplate::parse(source), info, messages_of(messages), {.for_answer = false});
}

}  // namespace

TEST_CASE("members that are null are left out, as transformers does") {
  const char* const messages =
      R"([{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
          {"role": "user", "content": "x", "tool_calls": null, "nested": {"a": null}}])";
  CHECK(
      text_of("{% for m in messages %}{{ m.content }}{{ m.tool_calls | length }}{{ m.nested }};{% endfor %}",
              messages) == "1;x0{'a': None};");
  CHECK(text_of("{% for m in messages %}{{ 'content' in m }}{% endfor %}", messages) == "FalseTrue");
}

TEST_CASE("the names of a thought fill each other") {
  const std::string source =
      "{{ messages[0].reasoning_content }}|{{ messages[0].thinking }}|{{ messages[0].reasoning }}";
  CHECK(text_of(source, R"([{"reasoning": "r"}])") == "r|r|r");
  CHECK(text_of(source, R"([{"thinking": "t"}])") == "t|t|t");
  CHECK(text_of(source, R"([{"reasoning_content": "c", "thinking": "t"}])") == "c|t|c");
  CHECK(text_of(source, R"([{"reasoning_content": null, "thinking": "t", "reasoning": "r"}])") == "t|t|r");
  CHECK(text_of(source, R"([{"content": "x"}])") == "||");
}

TEST_CASE("arguments in JSON text are parsed, unless the template wants text") {
  const char* const messages =
      R"([{"tool_calls": [{"function": {"name": "f", "arguments": "{\"city\": \"Oslo\", \"n\": 18446744073709551615}"}}]}])";
  const std::string call = "{% set c = messages[0].tool_calls[0].function %}";
  CHECK(text_of(call + "{% for k, v in c.arguments|items %}<{{ k }}>{{ v }}{% endfor %}", messages) ==
        "<city>Oslo<n>18446744073709551615");
  CHECK(text_of(call + "{{ c.arguments | tojson }}", messages) ==
        R"({"city": "Oslo", "n": 18446744073709551615})");
  const std::string verbatim = R"({"city": "Oslo", "n": 18446744073709551615})";
  CHECK(text_of(call + "{{ c.arguments }}", messages) == verbatim);
  CHECK(text_of(call + "{{ 'call: ' + c.arguments }}", messages) == "call: " + verbatim);
  const char* const words = R"([{"tool_calls": [{"function": {"name": "f", "arguments": "city=Oslo"}}]}])";
  CHECK(text_of(call + "{{ c.arguments }}", words) == "city=Oslo");
  const char* const none = R"([{"tool_calls": [{"function": {"name": "f", "arguments": ""}}]}])";
  CHECK(text_of(call + "{{ c.arguments|items|list|length }}", none) == "0");
}

TEST_CASE("all named special tokens reach the template") {
  TokenizerInfo info;
  info.pad = NamedToken{"<pad>", 3};
  info.more_tokens = {{"sep_token", "<sep>"}, {"image_token", "<image>"}};
  CHECK(text_of("{{ bos_token }}{{ pad_token }}{{ sep_token }}{{ image_token }}{{ cls_token }}", "[]",
                info) == "<pad><sep><image>");
}

TEST_CASE("limits grow with the conversation") {
  const RenderOptions plain;
  const RenderOptions large =
      scaled_limits(plain, TemplateValue::list(std::vector<TemplateValue>(4001, TemplateValue("x"))));
  CHECK(large.limits.steps > 400'000'000);
  CHECK(large.limits.bytes > plain.limits.bytes);
  CHECK(scaled_limits(plain, TemplateValue::list({"x"})).limits.steps < 2 * plain.limits.steps);
}

TEST_CASE("a template looks backwards from each of many messages; one that never ends is stopped") {
  std::vector<TemplateValue> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(TemplateValue::dict({{"role", i % 2 ? "assistant" : "user"}, {"content", "x"}}));
  const auto render = [&](const std::string& source) {
    ConversationOptions options;
    options.render.limits.steps = 1000;
    return conversation_text(ChatTemplate::parse(source), {}, TemplateValue::list(many), options);
  };
  const std::string backwards =
      "{% for m in messages %}{% set s = namespace(r='') %}{% for j in range(loop.index0 - 1, -1, -1) %}"
      "{% if s.r == '' %}{% if messages[j].role != 'tool' %}{% set s.r = messages[j].role %}{% endif %}{% "
      "endif %}"
      "{% endfor %}{{ s.r[:1] }}{% endfor %}";
  CHECK(render(backwards).size() == 99);
  CHECK_THROWS_WITH_AS(
      render("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
      doctest::Contains("too many steps"), TemplateError);
}
