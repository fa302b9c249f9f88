// Tools a model may call: their definitions for its chat template, and its calls, read out of what it wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/chat_template.h"

namespace kelvin {

struct ToolDefinitions {
  std::string json;     // the list as it was written
  TemplateValue value;  // a list of {"type": "function", "function": {"name": ..., ...}}
};

// A JSON list of definitions, each as above or the function's object alone. `name` begins every error. Throws
// LoadError.
ToolDefinitions parse_tools(const std::string& json, const std::string& name);

struct ToolCall {
  std::string name;
  TemplateValue arguments;  // a dict
};

struct ToolCalls {
  std::vector<ToolCall> calls;
  std::string text;  // of the answer, without the calls
};

// The calls in an answer, in the ways models are trained to write them: <tool_call>{...}</tool_call>,
// [TOOL_CALLS]
// [...], or an object with "name" and "arguments" or "parameters" as the whole answer, also behind
// <|python_tag|>. None if there is none that can be read.
ToolCalls find_tool_calls(std::string_view answer);

// What the template is given of a message that makes calls, and of the answer of the tool that was called
// first.
TemplateValue calling_message(const ToolCalls& found);
TemplateValue tool_message(const std::string& content, const ToolCalls& found);

}  // namespace kelvin
