// The notations in which models are trained to write a call: JSON, Python, tags, and a name before its arguments. Tags
// around a call that say no more than that it is one are tool_calls.cpp's.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/chat_template.h"

namespace kelvin {

struct ToolCall {
  std::string name;
  TemplateValue arguments;  // a dict
};

// Each reader adds the calls with which `text` begins and returns the bytes they take; 0 where there is none.

// {"name": ..., "arguments": {...}} in the words of several families, a list of such, or several one after the other.
// `marked`: it stands where a call is expected, so that one without arguments, or {NAME: {...}}, is one as well.
std::size_t read_json_calls(std::string_view text, bool marked, std::vector<ToolCall>& calls);
// NAME, perhaps with an id, and {...}: "now[ARGS]{...}", "functions.now:0<|tool_call_argument_begin|>{...}".
std::size_t read_named_json_call(std::string_view text, std::vector<ToolCall>& calls);
// [now(tz="UTC"), add(a=1)], the same without brackets, and "now.call(tz="UTC")"; named arguments only.
std::size_t read_python_calls(std::string_view text, std::vector<ToolCall>& calls);
// call:now{tz:<|"|>UTC<|"|>}
std::size_t read_colon_call(std::string_view text, std::vector<ToolCall>& calls);
// <function=now><parameter=tz>UTC</parameter></function>, <invoke name="now"><parameter name="tz">..., and
// now<arg_key>tz</arg_key><arg_value>UTC</arg_value>. `is_text(function, parameter)`: its value is a text, whatever it
// looks like; other values are JSON where they can be.
using IsText = std::function<bool(std::string_view function, std::string_view parameter)>;
std::size_t read_tagged_call(std::string_view text, const IsText& is_text, std::vector<ToolCall>& calls);

// Bytes of the JSON object or list with which `text` begins, told by its brackets; 0 where it begins with none.
std::size_t json_extent(std::string_view text);
// Of a function's name, at the beginning of `text`.
std::size_t name_extent(std::string_view text);

}  // namespace kelvin
