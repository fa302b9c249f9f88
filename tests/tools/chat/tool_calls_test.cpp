#include "tools/chat/tool_calls.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

std::string json(const TemplateValue& value) { return jinja::to_json(value, {}); }

}  // namespace

TEST_CASE("definitions, whole or as functions alone") {
  const ToolDefinitions tools = parse_tools(
      R"([{"type": "function", "function": {"name": "a", "x": 1}}, {"name": "b"}])", "tools.json");
  CHECK(json(tools.value) == R"([{"type": "function", "function": {"name": "a", "x": 1}}, )"
                             R"({"type": "function", "function": {"name": "b"}}])");
  CHECK_THROWS_WITH_AS(parse_tools("{}", "tools.json"), doctest::Contains("tools.json: a list"), LoadError);
  CHECK_THROWS_WITH_AS(parse_tools(R"([{"type": "function"}])", "t"), doctest::Contains("name"), LoadError);
  CHECK_THROWS_AS(parse_tools("[", "t"), LoadError);
}

TEST_CASE("calls in the ways models write them") {
  ToolCalls found = find_tool_calls(
      "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n</tool_call>\n"
      "<tool_call>{\"name\": \"g\", \"arguments\": {}}</tool_call>");
  REQUIRE(found.calls.size() == 2);
  CHECK(found.calls[0].name == "f");
  CHECK(json(found.calls[0].arguments) == R"({"n": 1})");
  CHECK(found.calls[1].name == "g");
  CHECK(found.text == "Let me see.");
  found = find_tool_calls("[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": \"\u00E9\"}}]");
  REQUIRE(found.calls.size() == 1);
  CHECK(found.text.empty());
  CHECK(find_tool_calls(R"( {"name": "f", "parameters": {"n": 2}} )").calls.size() == 1);
  CHECK(find_tool_calls(R"(<|python_tag|>{"name": "f", "parameters": {}})").calls.size() == 1);
}

TEST_CASE("what is no call stays text") {
  for (const std::string text :
       {"Hello {\"name\": 1}", "<tool_call>nonsense</tool_call>", "{\"name\": \"f\"}", "[1, 2]",
        "<tool_call>", "{\"name\": \"f\", \"arguments\": 7}"}) {
    CAPTURE(text);
    CHECK(find_tool_calls(text).calls.empty());
  }
  CHECK(find_tool_calls("a <tool_call>b").text == "a <tool_call>b");
}

TEST_CASE("the messages a template is given") {
  const ToolCalls found = find_tool_calls(R"({"name": "f", "arguments": {"n": 1}})");
  CHECK(json(calling_message(found)) ==
        R"({"role": "assistant", "content": "", "tool_calls": [{"id": "000000001", "type": "function", )"
        R"("function": {"name": "f", "arguments": {"n": 1}}}]})");
  CHECK(json(tool_message("20", found)) ==
        R"({"role": "tool", "content": "20", "name": "f", "tool_call_id": "000000001"})");
  CHECK(json(tool_message("20", {})) == R"({"role": "tool", "content": "20"})");
}

}  // namespace kelvin
