#include "tokenizer/jinja/builtin.h"

#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

Call::Call(Interpreter& context, const Builtin& builtin, Value self_value, Arguments given)
    : interpreter(context), self(std::move(self_value)), arguments(std::move(given)), builtin_(builtin) {
  if (builtin.parameters[0] == "*") return;
  std::size_t count = 0;
  while (count < builtin.parameters.size() && !builtin.parameters[count].empty()) ++count;
  if (arguments.positional.size() > count) fail("too many arguments");
  for (std::size_t i = 0; i < arguments.positional.size(); ++i)
    bound_[i] = std::move(arguments.positional[i]);
  if (!builtin.takes_names && !arguments.named.empty()) fail("takes no keyword arguments");
  for (auto& [name, value] : arguments.named) {
    std::size_t index = 0;
    while (index < count && builtin.parameters[index] != name) ++index;
    if (index == count) fail("no parameter is called '" + name + "'");
    if (bound_[index]) fail("the argument '" + name + "' is given twice");
    bound_[index] = std::move(value);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(builtin.required); ++i)
    if (!bound_[i]) fail("the argument '" + std::string(builtin.parameters[i]) + "' is missing");
}

void Call::fail(const std::string& reason) const {
  throw Failure(std::string(builtin_.name) + ": " + reason);
}

std::int64_t Call::integer(std::size_t index) const {
  if (!bound_[index]->is_integral())
    fail(std::string(builtin_.parameters[index]) + " must be an int, not a " + type_name(*bound_[index]));
  return bound_[index]->as_integer();
}

std::int64_t Call::integer_or(std::size_t index, std::int64_t fallback) const {
  return has(index) ? integer(index) : fallback;
}

const std::string& Call::string(std::size_t index) const {
  if (!bound_[index]->is_string())
    fail(std::string(builtin_.parameters[index]) + " must be a string, not a " + type_name(*bound_[index]));
  return bound_[index]->as_string();
}

std::optional<std::string_view> Call::string_if_given(std::size_t index) const {
  if (!has_some(index)) return std::nullopt;
  return string(index);
}

std::string Call::self_text() const { return to_text(self); }

Value Call::like_self(std::string bytes) const {
  return Value(std::move(bytes), self.is_string() && self.as_text().markup);
}

Value Function::call(Interpreter& interpreter, Arguments arguments) {
  Call call(interpreter, builtin_, self_, std::move(arguments));
  return builtin_.function(call);
}

std::optional<Value> Function::attribute(std::string_view name) const {
  // No variable has a dot in its name.
  const Builtin* inner =
      self_.is_none() ? find_global(std::string(builtin_.name) + "." + std::string(name)) : nullptr;
  return inner ? std::optional<Value>(Value(std::make_shared<Function>(*inner, Value()))) : std::nullopt;
}

}  // namespace kelvin::jinja
