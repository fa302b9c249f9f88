// Filters, tests, methods and global functions: rows of tables. A row says how its parameters are called, so
// that positional and named arguments are sorted out in one place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/object.h"

namespace kelvin::jinja {

class Call;

struct Builtin {
  std::string_view name;
  // What comes after the value the filter, test or method is applied to. "*" as the only one: anything goes.
  std::array<std::string_view, 6> parameters;
  int required;  // how many of them must be given
  Value (*function)(Call& call);
  bool takes_names = true;  // false: arguments have no names, as with most methods of Python
};

// The row of that name, nullptr if there is none.
const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);
const Builtin* find_global(std::string_view name);
// Of strings, dicts, lists and tuples, by the kind of `value`.
const Builtin* find_method(const Value& value, std::string_view name);
// real, imag, numerator and denominator of a number.
std::optional<Value> number_attribute(const Value& value, std::string_view name);

// One use of a row: the value it is applied to and its arguments.
class Call {
 public:
  // Throws Failure if the arguments do not fit the row's parameters.
  Call(Interpreter& context, const Builtin& builtin, Value self_value, Arguments given);

  Interpreter& interpreter;
  Value self;
  Arguments arguments;  // as given, for rows that take anything

  bool has(std::size_t index) const { return index < bound_.size() && bound_[index]; }
  // Given and not None.
  bool has_some(std::size_t index) const { return has(index) && !bound_[index]->is_none(); }
  const Value& operator[](std::size_t index) const { return *bound_[index]; }
  Value value_or(std::size_t index, Value fallback) const { return has(index) ? *bound_[index] : fallback; }
  bool truth_or(std::size_t index, bool fallback) const {
    return has(index) ? bound_[index]->truth() : fallback;
  }
  std::int64_t integer(std::size_t index) const;
  std::int64_t integer_or(std::size_t index, std::int64_t fallback) const;
  const std::string& string(std::size_t index) const;
  // nullopt where absent or None.
  std::optional<std::string_view> string_if_given(std::size_t index) const;
  // The value as text: what Python's str() gives.
  std::string self_text() const;
  // `bytes` as a string that is markup if the value is.
  Value like_self(std::string bytes) const;

  [[noreturn]] void fail(const std::string& reason) const;

 private:
  const Builtin& builtin_;
  std::array<std::optional<Value>, 6> bound_;
};

// A global function or a method bound to its value.
class Function : public Object {
 public:
  Function(const Builtin& builtin, Value self) : builtin_(builtin), self_(std::move(self)) {}
  std::string_view type() const override { return "function"; }
  Value call(Interpreter& interpreter, Arguments arguments) override;
  std::optional<Value> attribute(std::string_view name) const override;  // dict.fromkeys
  int depth() const override { return self_.depth() + 1; }

 private:
  const Builtin& builtin_;
  Value self_;
};

}  // namespace kelvin::jinja
