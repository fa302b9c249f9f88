// Operators and subscripts with Python's meaning. All throw Failure where Python raises.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

// Throws Failure, with the reason, if the value is undefined.
void check_defined(const Value& value);

// + - * / // % **
Value binary_operation(std::string_view symbol, const Value& left, const Value& right);
Value negate(const Value& operand);
Value plus(const Value& operand);

// needle in haystack
bool contains(const Value& haystack, const Value& needle);

// object.name: methods come before the keys of a dict. Undefined if there is neither.
Value get_attribute(const Value& object, std::string_view name);
// object[key]: keys and positions come before methods. Undefined if there is neither.
Value get_item(const Value& object, const Value& key);
// object[key] of Python alone: nothing where there is no such item. Fails for what has no items.
std::optional<Value> find_item(const Value& object, const Value& key);
// object[start:stop:step], each an integer or None.
Value get_slice(const Value& object, const Value& start, const Value& stop, const Value& step);

// text % value, also the filter `format`.
// What is put into markup is escaped.
std::string percent_format(std::string_view format, const Value& value, bool markup);

}  // namespace kelvin::jinja
