#include "tools/options/template_options.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"
#include "tests/support.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

TEST_CASE("a variable for the template is a name and JSON") {
  const auto [name, value] = parse_template_argument(R"(a={"b": [1, "x=y"]})");
  CHECK(name == "a");
  CHECK(jinja::to_json(value, {}) == R"({"b": [1, "x=y"]})");
  CHECK(parse_template_argument("a=false").second.is_bool());
  for (const char* wrong :
       {"a", "=1", "a=", "a=word", "a=False", "messages=[]", "add_generation_prompt=true"})
    CHECK_THROWS_AS(parse_template_argument(wrong), UsageError);
  CHECK_THROWS_WITH_AS(parse_template_argument("effort=high"), doctest::Contains("\"quotes\""), UsageError);
  const JsonDocument kwargs = parse_json(R"({"a": 1, "b": "x"})");
  CHECK(template_arguments(kwargs.root()).size() == 2);
  CHECK_THROWS_AS(template_arguments(parse_json(R"({"messages": []})").root()), LoadError);
  CHECK_THROWS_AS(template_arguments(parse_json("[1]").root()), LoadError);
}

TEST_CASE("they come from the command line, and stand over the switch") {
  TemplateOptions options;
  bool fold = false;
  Flags flags("tool", "test");
  flags.group("chat");
  options.add_to(flags, &fold);
  const char* words[] = {"tool",           "--think",        "off",
                         "--think=fold",   "--template-arg", "enable_thinking=true",
                         "--template-arg", "unknown_thing=1"};
  CHECK(flags.parse(static_cast<int>(std::size(words)), words));
  CHECK(fold);
  CHECK(options.think == "off");
  const ChatTemplate chat_template =
      ChatTemplate::parse("{{ enable_thinking }}{% for m in messages %}{{ m.content }}{% endfor %}");
  const TemplateVariables variables = options.variables(chat_template);
  REQUIRE(variables.size() == 3);
  CHECK(render_chat(chat_template, TemplateValue::list({}), true, {}, {}, variables) == "True");
  CHECK(options.unknown_arguments(chat_template) == "note: the chat template never looks at unknown_thing\n");
}

}  // namespace
}  // namespace kelvin
