// Expressions.
#include <algorithm>

#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

bool compared(char operation, const Value& a, const Value& b) {
  switch (operation) {
    case '=':
      return equal(a, b);
    case '!':
      return !equal(a, b);
    case '<':
      return less(a, b);
    case '>':
      return less(b, a);
    case 'l':
      return less(a, b) || equal(a, b);
    case 'g':
      return less(b, a) || equal(a, b);
    case 'i':
      return contains(b, a);
    default:
      return !contains(b, a);
  }
}

}  // namespace

Value Interpreter::look_up(NameId name) {
  for (Scope* scope = scope_.get(); scope; scope = scope->outer.get())
    if (const Value* found = scope->find(name)) return *found;
  return context_[static_cast<std::size_t>(name)];
}

Value Interpreter::evaluate(const Expression& expression) {
  using Kind = Expression::Kind;
  spend();
  if (expression.kind == Kind::constant) return expression.value;
  if (expression.kind == Kind::name) return look_up(expression.name);
  if (++depth_ > depth_limit_) throw Failure("the template nests or recurses too deeply");
  line_ = expression.line;
  Value result = evaluate_children(expression);
  --depth_;
  return result;
}

// Kinds with children; one level of recursion has been counted.
Value Interpreter::evaluate_children(const Expression& expression) {
  using Kind = Expression::Kind;
  const auto child = [&](std::size_t i) { return evaluate(expression.children[i]); };
  switch (expression.kind) {
    case Kind::list:
    case Kind::tuple: {
      std::vector<Value> items;
      for (const Expression& item : expression.children) items.push_back(evaluate(item));
      return Value::sequence(std::move(items),
                             expression.kind == Kind::list ? SequenceKind::list : SequenceKind::tuple);
    }
    case Kind::dict:
      return evaluate_dict(expression);
    case Kind::conditional:
      if (child(1).truth()) return child(0);
      if (expression.children.size() > 2) return child(2);
      return Value::undefined("the condition was false and the inline if has no else");
    case Kind::logical_or: {
      Value left = child(0);
      return left.truth() ? left : child(1);
    }
    case Kind::logical_and: {
      Value left = child(0);
      return left.truth() ? child(1) : left;
    }
    case Kind::logical_not:
      return !child(0).truth();
    case Kind::compare:
      return compare(expression);
    case Kind::binary: {
      const Value left = child(0);
      return binary_operation(expression.text, left, child(1));
    }
    case Kind::negate:
      return negate(child(0));
    case Kind::plus:
      return plus(child(0));
    case Kind::concat:
      return evaluate_concat(expression);
    case Kind::attribute:
      return get_attribute(child(0), expression.text);
    case Kind::subscript: {
      const Value object = child(0);
      return get_item(object, child(1));
    }
    case Kind::slice: {
      const Value object = child(0), start = child(1), stop = child(2);
      return get_slice(object, start, stop, child(3));
    }
    case Kind::call: {
      const Value callee = child(0);
      return call(callee, evaluate_arguments(expression.arguments));
    }
    case Kind::filter:
      return filter_through(expression, {});
    case Kind::test: {
      Value value = child(0);
      return apply_test(expression.text, std::move(value), evaluate_arguments(expression.arguments));
    }
    case Kind::constant:
    case Kind::name:
      break;
  }
  return {};
}

Value Interpreter::evaluate_dict(const Expression& expression) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < expression.children.size(); i += 2) {
    Value key = evaluate(expression.children[i]);
    entries.emplace_back(std::move(key), evaluate(expression.children[i + 1]));
  }
  return Value::dict(std::move(entries));
}

Value Interpreter::evaluate_concat(const Expression& expression) {
  TextBuilder text;
  if (!escapes_ || !joins_markup_) {
    for (const Expression& part : expression.children) text.append(to_text(evaluate(part)));
    return text.take();
  }
  std::vector<Value> parts;
  for (const Expression& part : expression.children) parts.push_back(evaluate(part));
  const bool markup = std::any_of(parts.begin(), parts.end(), is_markup);
  for (const Value& part : parts) text.append(markup ? escaped(part) : to_text(part));
  return {text.take(), markup};
}

// a < b < c compares neighbours and stops at the first that fails.
bool Interpreter::compare(const Expression& expression) {
  Value left = evaluate(expression.children[0]);
  for (std::size_t i = 0; i < expression.text.size(); ++i) {
    Value right = evaluate(expression.children[i + 1]);
    if (!compared(expression.text[i], left, right)) return false;
    left = std::move(right);
  }
  return true;
}

// The innermost filter of a block's chain has no operand: it takes `value`.
Value Interpreter::filter_through(const Expression& filter, Value value) {
  if (!filter.children.empty() && filter.children[0].kind == Expression::Kind::filter)
    value = filter_through(filter.children[0], std::move(value));
  else if (!filter.children.empty())
    value = evaluate(filter.children[0]);
  spend();
  Arguments arguments = evaluate_arguments(filter.arguments);
  line_ = filter.line;
  return apply_filter(filter.text, std::move(value), std::move(arguments));
}

Arguments Interpreter::evaluate_arguments(const std::vector<Argument>& arguments) {
  Arguments result;
  for (const Argument& argument : arguments) {
    Value value = evaluate(argument.value[0]);
    switch (argument.kind) {
      case Argument::Kind::positional:
        result.positional.push_back(std::move(value));
        break;
      case Argument::Kind::named:
        result.named.emplace_back(argument.name, std::move(value));
        break;
      case Argument::Kind::unpacked_list:
        for (Value& item : iterate(value)) result.positional.push_back(std::move(item));
        break;
      case Argument::Kind::unpacked_dict:
        if (!value.is_dict()) throw Failure("only a dict can follow **, not a " + type_name(value));
        for (const auto& [key, item] : value.as_dict().entries()) {
          if (!key.is_string()) throw Failure("names of arguments must be strings");
          spend_scan(8 * result.named.size());
          if (result.named.size() > max_arguments) throw Failure("too many arguments");
          if (result.take(key.as_string()))
            throw Failure("the argument '" + key.as_string() + "' is given twice");
          result.named.emplace_back(key.as_string(), item);
        }
        break;
    }
    if (result.positional.size() + result.named.size() > max_arguments) throw Failure("too many arguments");
  }
  return result;
}

Value Interpreter::call(const Value& callee, Arguments arguments) {
  const Nested nested(*this);
  if (callee.is_undefined()) throw Failure(callee.undefined_reason());
  if (!callee.is_object()) throw Failure("a " + type_name(callee) + " cannot be called");
  return callee.as_object()->call(*this, std::move(arguments));
}

Value Interpreter::apply_filter(const std::string& name, Value value, Arguments arguments) {
  const Nested nested(*this);
  const Builtin* filter = find_filter(name);
  if (!filter) throw Failure("unknown filter '" + name.substr(0, 60) + "'");
  Call call(*this, *filter, std::move(value), std::move(arguments));
  return filter->function(call);
}

bool Interpreter::apply_test(const std::string& name, Value value, Arguments arguments) {
  const Nested nested(*this);
  const Builtin* test = find_test(name);
  if (!test) throw Failure("unknown test '" + name.substr(0, 60) + "'");
  Call call(*this, *test, std::move(value), std::move(arguments));
  return test->function(call).truth();
}

}  // namespace kelvin::jinja
