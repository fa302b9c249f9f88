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

// As the templates and model cards of many families have it: one call of "now", with a text or without arguments.
TEST_CASE("one call in the form of each family") {
  struct Form {
    const char *family, *answer, *arguments;
  };
  constexpr const char* utc = R"({"tz": "UTC"})";
  for (
      const Form& form : std::initializer_list<Form>{
          {"granite 3.3", R"(<|tool_call|>[{"name": "now", "arguments": {}}])", "{}"},
          {"phi-4-mini", R"(<|tool_call|>[{"name": "now", "arguments": {"tz": "UTC"}}]<|/tool_call|>)", utc},
          {"qwen 2.5 to 3, hermes",
           "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"tz\": \"UTC\"}}\n</tool_call>", utc},
          {"qwen3-coder",
           "<tool_call>\n<function=now>\n<parameter=tz>\nUTC\n</parameter>\n</function>\n</tool_call>", utc},
          {"qwen3-coder, no arguments", "<tool_call>\n<function=now>\n</function>\n</tool_call>", "{}"},
          {"seed-oss",
           "<seed:tool_call>\n<function=now>\n<parameter=tz>UTC</parameter>\n</function>\n</seed:tool_call>",
           utc},
          {"mistral 2024", R"([TOOL_CALLS] [{"name": "now", "arguments": {"tz": "UTC"}, "id": "abcdefghi"}])",
           utc},
          {"mistral 2025", R"([TOOL_CALLS]now[ARGS]{"tz": "UTC"})", utc},
          {"mistral with ids", R"([TOOL_CALLS]now[CALL_ID]abcdefghi[ARGS]{"tz": "UTC"})", utc},
          {"llama 3.1", R"({"name": "now", "parameters": {"tz": "UTC"}})", utc},
          {"llama 3.1, tagged", R"(<|python_tag|>{"name": "now", "parameters": {"tz": "UTC"}})", utc},
          {"llama 3.1, a function's tag", R"(<function=now>{"tz": "UTC"}</function>)", utc},
          {"llama 3.2 and 4", R"([now(tz="UTC")])", utc},
          {"llama, built in", R"(<|python_tag|>now.call(tz="UTC"))", utc},
          {"deepseek v3",
           "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{\"tz\": "
           "\"UTC\"}\n```"
           "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
           utc},
          {"deepseek v3.1",
           "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{\"tz\": \"UTC\"}<｜tool▁call▁end｜>"
           "<｜tool▁calls▁end｜>",
           utc},
          {"deepseek v3.2",
           "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"now\">\n<｜DSML｜parameter name=\"tz\" "
           "string=\"true\">UTC</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
           utc},
          {"command r7b",
           R"(<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "now", "parameters": {"tz": "UTC"}}]<|END_ACTION|>)",
           utc},
          {"command r+",
           "Action: ```json\n[{\"tool_name\": \"now\", \"parameters\": {\"tz\": \"UTC\"}}]\n```", utc},
          {"glm 4.5", "<tool_call>now\n<arg_key>tz</arg_key>\n<arg_value>UTC</arg_value>\n</tool_call>", utc},
          {"kimi k2",
           R"(<|tool_calls_section_begin|><|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{"tz": "UTC"}<|tool_call_end|><|tool_calls_section_end|>)",
           utc},
          {"minimax m2",
           "<minimax:tool_call>\n<invoke name=\"now\">\n<parameter "
           "name=\"tz\">UTC</parameter>\n</invoke>\n</minimax:tool_call>",
           utc},
          {"gemma 4", R"(<|tool_call>call:now{tz:<|"|>UTC<|"|>}<tool_call|>)", utc},
          {"functiongemma", "<start_function_call>call:now{tz:<escape>UTC<escape>}<end_function_call>", utc},
          {"lfm2", R"(<|tool_call_start|>[now(tz="UTC")]<|tool_call_end|>)", utc},
          {"olmo 3", "<function_calls>now(tz=\"UTC\")</function_calls>", utc},
          {"nemotron", R"(<TOOLCALL>[{"name": "now", "arguments": {"tz": "UTC"}}]</TOOLCALL>)", utc},
          {"jamba", R"(<tool_calls>[{"name": "now", "arguments": {"tz": "UTC"}}]</tool_calls>)", utc},
          {"apertus", R"(<|tools_prefix|>[{"now": {"tz": "UTC"}}]<|tools_suffix|>)", utc},
          {"internlm",
           "<|action_start|><|plugin|>\n{\"name\": \"now\", \"parameters\": {\"tz\": \"UTC\"}}<|action_end|>",
           utc},
          {"firefunction", R"(functools[{"name": "now", "arguments": {"tz": "UTC"}}])", utc},
          {"gpt-oss", R"(<|channel|>commentary to=functions.now <|constrain|>json<|message|>{"tz": "UTC"})",
           utc},
          {"gpt-oss, recipient first",
           R"(<|start|>assistant to=functions.now<|channel|>commentary json<|message|>{"tz": "UTC"})", utc},
          {"arguments as a text",
           R"(<tool_call>{"name": "now", "arguments": "{\"tz\": \"UTC\"}"}</tool_call>)", utc},
          {"openai", R"({"type": "function", "function": {"name": "now", "arguments": {"tz": "UTC"}}})",
           utc}}) {
    CAPTURE(form.family);
    const ToolCalls found = find_tool_calls(form.answer);
    REQUIRE(found.calls.size() == 1);
    CHECK(found.calls[0].name == "now");
    CHECK(json(found.calls[0].arguments) == form.arguments);
    CHECK(found.text == "");
    // What is said before it stays.
    const std::string answer = form.answer;
    if (answer[0] == '<' || answer.starts_with("[TOOL") || answer.starts_with("Action")) {
      const ToolCalls behind = find_tool_calls("Let me see: 1 < 2.\n" + answer);
      CHECK(behind.calls.size() == 1);
      CHECK(behind.text == "Let me see: 1 < 2.");
    }
  }
}

TEST_CASE("several calls, each in its order") {
  for (const std::string answer :
       {R"([TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]add[ARGS]{"a": 1})",
        R"(<|tool_call|>[{"name": "now", "arguments": {}}, {"name": "add", "arguments": {"a": 1}}])",
        R"([now(), add(a=1)])", R"(<function_calls>
now()
add(a=1)
</function_calls>)",
        R"({"name": "now", "parameters": {}}; {"name": "add", "parameters": {"a": 1}})",
        "<tool_call><function=now></function></tool_call>\n<tool_call><function=add><parameter=a>1</"
        "parameter></function></tool_call>",
        "<|tool_call>call:now{}<tool_call|><|tool_call>call:add{a:1}<tool_call|>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><"
        "｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\": 1}"
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"}) {
    CAPTURE(answer);
    const ToolCalls found = find_tool_calls(answer);
    REQUIRE(found.calls.size() == 2);
    CHECK(found.calls[0].name == "now");
    CHECK(found.calls[1].name == "add");
    CHECK(json(found.calls[1].arguments) == R"({"a": 1})");
    CHECK(found.text == "");
  }
}

TEST_CASE("a parameter in tags is what the tool says it is") {
  const ToolDefinitions tools = parse_tools(
      R"([{"name": "f", "parameters": {"properties": {"s": {"type": "string"}, "n": {"type": "integer"}}}}])",
      "t");
  const std::string answer =
      "<tool_call><function=f><parameter=s>5</parameter><parameter=n>5</parameter>"
      "<parameter=o>{\"k\": [1]}</parameter></function></tool_call>";
  const ToolCalls found = find_tool_calls(answer, &tools.value);
  REQUIRE(found.calls.size() == 1);
  CHECK(json(found.calls[0].arguments) == R"({"s": "5", "n": 5, "o": {"k": [1]}})");
}

TEST_CASE("without a tag only what cannot be anything else is a call, or what names a tool") {
  const ToolDefinitions tools = parse_tools(R"([{"name": "now"}])", "t");
  for (const std::string answer : {R"(now(tz="UTC"))", "```tool_code\nnow(tz=\"UTC\")\n```",
                                   "```json\n{\"name\": \"now\", \"arguments\": {}}\n```",
                                   "now\n{\"tz\": \"UTC\"}", ">>>now\n{\"tz\": \"UTC\"}"}) {
    CAPTURE(answer);
    CHECK(find_tool_calls(answer).calls.empty());
    CHECK(find_tool_calls(answer, &tools.value).calls.size() == 1);
    CHECK(find_tool_calls(answer + " is what I would write.", &tools.value).calls.empty());
  }
}

TEST_CASE("what is no call stays text") {
  for (const std::string text : {"Hello {\"name\": 1}",
                                 "<tool_call>nonsense</tool_call>",
                                 "{\"name\": \"f\"}",
                                 "[1, 2]",
                                 "<tool_call>",
                                 "{\"name\": \"f\", \"arguments\": 7}",
                                 "[f(1)]",
                                 "[f(a=)]",
                                 "[f(a=\"1)]",
                                 "f(a=1)",
                                 "<function=f",
                                 "<function=f>",
                                 "[TOOL_CALLS]",
                                 "[TOOL_CALLS]f[ARGS]{",
                                 "call:f{}",
                                 "The tag <tool_call> begins a call.",
                                 "print(\"x\")",
                                 "<|python_tag|>print(\"x\")",
                                 "<|tool_call>call:f{a:inf}",
                                 "{\"a\": {\"name\": \"f\", \"arguments\": {}}}"}) {
    CAPTURE(text);
    const ToolCalls found = find_tool_calls(text);
    CHECK(found.calls.empty());
    CHECK(found.text == text);
  }
  CHECK(find_tool_calls("a <tool_call>b").text == "a <tool_call>b");
}

TEST_CASE("hostile answers cost no more than their length") {
  const std::string many(20000, '<'), deep(20000, '[');
  CHECK(find_tool_calls(many + "tool_call").calls.empty());
  CHECK(find_tool_calls("<tool_call>" + deep).calls.empty());
  CHECK(find_tool_calls("<tool_call>f(a=" + deep + ")").calls.empty());
  std::string tags;
  for (int i = 0; i < 2000; ++i) tags += "<tool_call>";
  CHECK(find_tool_calls(tags).calls.empty());
}

TEST_CASE("the messages a template is given") {
  const ToolCalls found = find_tool_calls(R"([f(n=1), g(t="a")])");
  CHECK(json(calls_value(found.calls)) ==
        R"([{"id": "000000001", "type": "function", "function": {"name": "f", "arguments": {"n": 1}}}, )"
        R"({"id": "000000002", "type": "function", "function": {"name": "g", "arguments": {"t": "a"}}}])");
  CHECK(json(calls_value({&found.calls[0], 1}, true)) ==
        R"([{"id": "000000001", "type": "function", "function": {"name": "f", "arguments": "{\"n\": 1}"}}])");
  CHECK(json(tool_message("20", found.calls, 1)) ==
        R"({"role": "tool", "content": "20", "name": "g", "tool_call_id": "000000002"})");
  CHECK(json(tool_message("20", found.calls, 2)) == R"({"role": "tool", "content": "20"})");
}

}  // namespace kelvin
