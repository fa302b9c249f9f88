#include "tools/chat/conversation.h"

#include <doctest/doctest.h>

#include "tokenizer/jinja/repr.h"

namespace kelvin {
namespace {

std::string written(const std::vector<SavedMessage>& messages, const TemplateForms& forms) {
  return jinja::to_json(conversation_value(messages, {}, forms, nullptr), {});
}

const std::string two_calls = "[f(n=1), g()]", thought = "<think>\nf(n=2)?\n</think>\n\n";
const std::string
    f = R"({"id": "000000001", "type": "function", "function": {"name": "f", "arguments": {"n": 1}}})",
    g = R"({"id": "000000002", "type": "function", "function": {"name": "g", "arguments": {}}})",
    user = R"([{"role": "user", "content": "q"}, )";

}  // namespace

TEST_CASE("results stand beside the calls they answer, in their order") {
  const std::vector<SavedMessage> messages = {
      {"user", "q"}, {"assistant", two_calls}, {"tool", "1"}, {"tool", "2"}};
  CHECK(written(messages, {.writes_calls = true, .several_calls = true}) ==
        user + R"({"role": "assistant", "content": "", "tool_calls": [)" + f + ", " + g +
            R"(]}, {"role": "tool", "content": "1", "name": "f", "tool_call_id": "000000001"}, )"
            R"({"role": "tool", "content": "2", "name": "g", "tool_call_id": "000000002"}])");
  // One at a time, where the template takes no more.
  const std::string one = written(messages, {.writes_calls = true});
  CHECK(one ==
        user + R"({"role": "assistant", "content": "", "tool_calls": [)" + f +
            R"(]}, {"role": "tool", "content": "1", "name": "f", "tool_call_id": "000000001"}, )"
            R"({"role": "assistant", "content": "", "tool_calls": [{"id": "000000001", "type": "function", )"
            R"("function": {"name": "g", "arguments": {}}}]}, )"
            R"({"role": "tool", "content": "2", "name": "g", "tool_call_id": "000000001"}])");
  // In the model's own words, where the template has none for calls.
  CHECK(written(messages, {}) ==
        user + R"({"role": "assistant", "content": "[f(n=1), g()]"}, )"
               R"({"role": "tool", "content": "1", "name": "f", "tool_call_id": "000000001"}, )"
               R"({"role": "tool", "content": "2", "name": "g", "tool_call_id": "000000002"}])");
  // Without results an answer is what it was.
  CHECK(written({{"user", "q"}, {"assistant", two_calls}}, {.writes_calls = true}) ==
        user + R"({"role": "assistant", "content": "[f(n=1), g()]"}])");
}

TEST_CASE("a thought goes where the template takes it, and holds no calls") {
  const std::vector<SavedMessage> messages = {{"user", "q"}, {"assistant", thought + "Yes."}};
  CHECK(written(messages, {}) ==
        user + R"({"role": "assistant", "content": "<think>\nf(n=2)?\n</think>\n\nYes."}])");
  CHECK(written(messages, {.thought_field = "reasoning"}) ==
        user + R"({"role": "assistant", "content": "Yes.", "reasoning": "f(n=2)?"}])");
  CHECK(written({{"user", "q"}, {"assistant", "<think>cut"}}, {}) ==
        user + R"({"role": "assistant", "content": "<think>cut</think>"}])");
  const std::vector<SavedMessage> calling = {
      {"user", "q"}, {"assistant", thought + "[f(n=1)]"}, {"tool", "1"}};
  const std::string result = R"({"role": "tool", "content": "1", "name": "f", "tool_call_id": "000000001"}])";
  CHECK(written(calling, {.thought_field = "reasoning", .writes_calls = true}) ==
        user + R"({"role": "assistant", "content": "", "tool_calls": [)" + f +
            R"(], "reasoning": "f(n=2)?"}, )" + result);
  CHECK(written(calling, {.writes_calls = true}) ==
        user + R"({"role": "assistant", "content": "<think>\nf(n=2)?\n</think>\n\n", "tool_calls": [)" + f +
            "]}, " + result);
  CHECK(written(calling, {.writes_calls = true, .arguments_as_text = true, .no_content = true})
            .find(R"("content": null)") != std::string::npos);
}

}  // namespace kelvin
