// Tools a model may call: their definitions for its chat template, and its calls, read out of what it wrote.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/json/json.h"
#include "tokenizer/chat_template.h"
#include "tools/chat/call_notations.h"

namespace kelvin {

struct ToolDefinitions {
  std::string json;     // the list as it was written
  TemplateValue value;  // a list of {"type": "function", "function": {"name": ..., ...}}
};

// The list of definitions in a request: a list, each as above or the function's object alone. Throws LoadError.
TemplateValue tool_definitions(JsonValue list);
// A JSON list of definitions, each as above or the function's object alone. `name` begins every error. Throws
// LoadError.
ToolDefinitions parse_tools(const std::string& json, const std::string& name);

struct ToolCalls {
  std::vector<ToolCall> calls;
  std::string text;  // of the answer, without the calls
};

// The calls in an answer (without its thought, where calls are only drafted), in the notations of call_notations.h:
// behind a tag that announces them, <tool_call>, [TOOL_CALLS], <｜tool▁calls▁begin｜> and their like; as a function's tag;
// addressed "to=functions.NAME"; or as the whole answer, where it is JSON or a list in Python, or calls one of `tools`.
// None if there is none that can be read. `tools`: ToolDefinitions::value, which tells texts from other parameters, too.
ToolCalls find_tool_calls(std::string_view answer, const TemplateValue* tools = nullptr);

// "tool_calls" of the message that makes them.
TemplateValue calls_value(std::span<const ToolCall> calls, bool arguments_as_text = false);
// The message of a tool: what was called at `index`, or of nothing that is known.
TemplateValue tool_message(const std::string& content, std::span<const ToolCall> calls, std::size_t index);

}  // namespace kelvin
