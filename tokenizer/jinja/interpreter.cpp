#include "tokenizer/jinja/interpreter.h"

#include <algorithm>

#include "tokenizer/jinja/loop.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

Value* Scope::find(NameId name) {
  // Real scopes are tiny; a huge one pays for being searched.
  if (variables.size() > 16) spend(variables.size() / 8);
  for (auto& [id, value] : variables)
    if (id == name) return &value;
  return nullptr;
}

void Scope::set(NameId name, Value value) {
  if (Value* known = find(name))
    *known = std::move(value);
  else
    variables.emplace_back(name, std::move(value));
}

std::optional<Value> Macro::attribute(std::string_view name) const {
  if (name == "name") return Value(code_.name);
  if (name == "catch_kwargs") return code_.uses_kwargs;
  if (name == "catch_varargs") return code_.uses_varargs;
  if (name == "caller") return code_.uses_caller;
  if (name == "explicit_caller")
    return std::any_of(code_.parameters.begin(), code_.parameters.end(),
                       [](const Parameter& parameter) { return parameter.text == "caller"; });
  if (name != "arguments") return std::nullopt;
  std::vector<Value> names;
  for (const Parameter& parameter : code_.parameters) names.emplace_back(parameter.text);
  return Value::tuple(std::move(names));
}

Value Macro::call(Interpreter& interpreter, Arguments arguments) {
  return interpreter.call_macro(code_, home_.lock(), std::move(arguments));
}

Interpreter::Interpreter(const Program& program, const Value& variables, const Clock& clock, int depth_limit)
    : program_(program),
      clock_(clock),
      depth_limit_(depth_limit),
      root_(std::make_shared<Scope>()),
      scope_(root_) {
  for (std::size_t id = 0; id < program.names.size(); ++id) {
    const std::string& name = program.names[id];
    if (const Value* given = variables.as_dict().find_string(name))
      context_.push_back(*given);
    else if (const Builtin* global = find_global(name))
      context_.push_back(Value(std::make_shared<Function>(*global, Value())));
    else
      context_.push_back(Value::undefined("'" + name + "' is undefined"));
    const auto number = static_cast<NameId>(id);
    if (name == "loop") loop_name_ = number;
    if (name == "caller") caller_name_ = number;
    if (name == "varargs") varargs_name_ = number;
    if (name == "kwargs") kwargs_name_ = number;
  }
}

Interpreter::~Interpreter() {
  for (const std::shared_ptr<Namespace>& one : namespaces_) one->clear();
}

std::string Interpreter::run() {
  return captured([&] { run(program_.body); });
}

template <class Work>
std::string Interpreter::captured(Work work) {
  TextBuilder text;
  TextBuilder* const outer = std::exchange(out_, &text);
  work();
  out_ = outer;
  return text.take();
}

Interpreter::Flow Interpreter::run(const Block& block) {
  for (const Statement& statement : block)
    if (const Flow flow = run(statement); flow != Flow::normal) return flow;
  return Flow::normal;
}

Interpreter::Flow Interpreter::run(const Statement& statement) {
  const Nested nested(*this);
  spend();
  line_ = statement.line;
  switch (statement.kind) {
    case Statement::Kind::text:
      out_->append(statement.text);
      break;
    case Statement::Kind::output:
      for (const Expression& expression : statement.expressions) {
        const Value value = evaluate(expression);
        if (value.is_string())
          out_->append(escapes_ && !value.as_text().markup ? escape_html(value.as_string())
                                                           : value.as_string());
        else if (escapes_)
          out_->append(escape_html(to_text(value)));
        else if (!value.is_undefined())
          append_repr(*out_, value, 0);
      }
      break;
    case Statement::Kind::conditional:
      return run_conditional(statement);
    case Statement::Kind::loop:
      return run_loop(statement, iterate(evaluate(statement.expressions[0])), 0);
    case Statement::Kind::set:
      assign(statement.targets[0], evaluate(statement.expressions[0]));
      break;
    case Statement::Kind::set_block: {
      Value text;
      if (const Flow flow = capture(statement.blocks[0], statement.expressions, text); flow != Flow::normal)
        return flow;
      assign(statement.targets[0], std::move(text));
      break;
    }
    case Statement::Kind::macro:
      scope_->set(statement.name, Value(std::make_shared<Macro>(statement.macro[0], scope_)));
      break;
    case Statement::Kind::call_block:
      run_call_block(statement);
      break;
    case Statement::Kind::filter_block: {
      Value text;
      if (const Flow flow = capture(statement.blocks[0], statement.expressions, text); flow != Flow::normal)
        return flow;
      out_->append(to_text(text));
      break;
    }
    case Statement::Kind::with:
      return run_with(statement);
    case Statement::Kind::autoescape: {
      // Where jinja2 learns only while rendering whether to escape, ~ joins its operands as plain text.
      const bool known = statement.expressions[0].kind == Expression::Kind::constant;
      const bool outer_joins = std::exchange(joins_markup_, joins_markup_ && known);
      const bool outer = std::exchange(escapes_, evaluate(statement.expressions[0]).truth());
      const Flow flow = run_in_new_scope(statement.blocks[0]);
      escapes_ = outer;
      joins_markup_ = outer_joins;
      return flow;
    }
    case Statement::Kind::scope:
      return run_in_new_scope(statement.blocks[0]);
    case Statement::Kind::leave_loop:
      return Flow::leave_loop;
    case Statement::Kind::next_round:
      return Flow::next_round;
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::run_conditional(const Statement& statement) {
  for (std::size_t i = 0; i < statement.expressions.size(); ++i)
    if (evaluate(statement.expressions[i]).truth()) return run(statement.blocks[i]);
  const bool has_else = statement.blocks.size() > statement.expressions.size();
  return has_else ? run(statement.blocks.back()) : Flow::normal;
}

Interpreter::Flow Interpreter::run_in_new_scope(const Block& block) {
  const std::shared_ptr<Scope> outer = scope_;
  scope_ = std::make_shared<Scope>(Scope{outer, {}});
  const Flow flow = run(block);
  scope_ = outer;
  return flow;
}

Interpreter::Flow Interpreter::run_with(const Statement& statement) {
  std::vector<Value> values;
  for (const Expression& expression : statement.expressions) values.push_back(evaluate(expression));
  const std::shared_ptr<Scope> outer = scope_;
  scope_ = std::make_shared<Scope>(Scope{outer, {}});
  for (std::size_t i = 0; i < values.size(); ++i) assign(statement.targets[i], std::move(values[i]));
  const Flow flow = run(statement.blocks[0]);
  scope_ = outer;
  return flow;
}

Interpreter::Flow Interpreter::run_loop(const Statement& statement, std::vector<Value> items, int depth) {
  const std::shared_ptr<Scope> outer = scope_;
  std::function<bool(const Value&)> test;
  if (statement.expressions.size() > 1)
    test = [&, outer](const Value& item) {
      const std::shared_ptr<Scope> here = scope_;
      scope_ = std::make_shared<Scope>(Scope{outer, {}});
      assign(statement.targets[0], item);
      const bool passes = evaluate(statement.expressions[1]).truth();
      scope_ = here;
      return passes;
    };
  std::function<Value(std::vector<Value>)> recurse;
  if (statement.recursive)
    recurse = [&, outer, depth](std::vector<Value> inner) {
      return render_loop(statement, outer, std::move(inner), depth + 1);
    };
  const auto loop = std::make_shared<Loop>(std::move(items), std::move(test), std::move(recurse), depth);
  const std::unique_ptr<Loop, void (*)(Loop*)> finisher(loop.get(), [](Loop* done) { done->finish(); });

  bool completed = false;  // some round to its end: only then is there no else
  while (loop->advance()) {
    spend(3);
    scope_ = std::make_shared<Scope>(Scope{outer, {}});
    scope_->variables.reserve(4);
    if (loop_name_ >= 0) scope_->set(loop_name_, Value(loop));
    assign(statement.targets[0], loop->item());
    const Flow flow = run(statement.blocks[0]);
    if (flow == Flow::leave_loop) break;
    completed = completed || flow == Flow::normal;
  }
  scope_ = outer;
  if (completed || statement.blocks.size() < 2) return Flow::normal;
  return run_in_new_scope(statement.blocks[1]);
}

Value Interpreter::render_loop(const Statement& statement, const std::shared_ptr<Scope>& home,
                               std::vector<Value> items, int depth) {
  const Nested nested(*this);
  const std::shared_ptr<Scope> here = std::exchange(scope_, home);
  std::string text = captured([&] { run_loop(statement, std::move(items), depth); });
  scope_ = here;
  return text;
}

Interpreter::Flow Interpreter::capture(const Block& block, const std::vector<Expression>& filters,
                                       Value& text) {
  Flow flow = Flow::normal;
  text = Value(captured([&] { flow = run_in_new_scope(block); }), escapes_);
  if (flow == Flow::normal && !filters.empty()) text = filter_through(filters[0], std::move(text));
  return flow;
}

void Interpreter::run_call_block(const Statement& statement) {
  const Expression& expression = statement.expressions[0];
  const Value callee = evaluate(expression.children[0]);
  Arguments arguments = evaluate_arguments(expression.arguments);
  arguments.named.emplace_back("caller", Value(std::make_shared<Macro>(statement.macro[0], scope_)));
  out_->append(to_text(call(callee, std::move(arguments))));
}

Value Interpreter::call_macro(const MacroCode& code, const std::shared_ptr<Scope>& home,
                              Arguments arguments) {
  const Nested nested(*this);
  const int line = line_;
  const std::shared_ptr<Scope> here = scope_;
  scope_ = std::make_shared<Scope>(Scope{home ? home : root_, {}});
  define_parameters(code, std::move(arguments));
  Value text(captured([&] { run(code.body); }), escapes_);
  scope_ = here;
  line_ = line;
  return text;
}

void Interpreter::define_parameters(const MacroCode& code, Arguments arguments) {
  std::vector<Value>& positional = arguments.positional;
  const std::string called = code.name.empty() ? "caller" : code.name;
  for (std::size_t i = 0; i < code.parameters.size(); ++i) {
    const Parameter& parameter = code.parameters[i];
    std::optional<Value> value;
    if (i < positional.size())
      value = std::move(positional[i]);
    else
      value = arguments.take(parameter.text);
    if (!value)
      value = parameter.fallback.empty()
                  ? Value::undefined("parameter '" + parameter.text + "' was not provided")
                  : evaluate(parameter.fallback[0]);
    scope_->set(parameter.name, *std::move(value));
  }
  if (code.uses_caller) {
    std::optional<Value> caller = arguments.take("caller");
    scope_->set(caller_name_, caller ? *std::move(caller) : Value::undefined("no caller is defined"));
  }
  if (code.uses_kwargs) {
    std::vector<Entry> entries;
    for (auto& [name, value] : arguments.named) entries.emplace_back(name, std::move(value));
    scope_->set(kwargs_name_, Value::dict(std::move(entries)));
  } else if (!arguments.named.empty()) {
    throw Failure("macro '" + called + "' takes no argument '" + arguments.named[0].first + "'");
  }
  if (positional.size() > code.parameters.size() && !code.uses_varargs)
    throw Failure("macro '" + called + "' takes at most " + std::to_string(code.parameters.size()) +
                  " arguments");
  if (code.uses_varargs) {
    const std::size_t taken = std::min(code.parameters.size(), positional.size());
    scope_->set(varargs_name_,
                Value::tuple({positional.begin() + static_cast<std::ptrdiff_t>(taken), positional.end()}));
  }
}

void Interpreter::assign(const Target& target, Value value) {
  switch (target.kind) {
    case Target::Kind::name:
      scope_->set(target.name, std::move(value));
      break;
    case Target::Kind::attribute: {
      const Value object = look_up(target.name);
      const auto space =
          object.is_object() ? std::dynamic_pointer_cast<Namespace>(object.as_object()) : nullptr;
      if (!space)
        throw Failure("cannot assign to an attribute of '" +
                      program_.names[static_cast<std::size_t>(target.name)] + "', which is not a namespace");
      space->set(target.attribute, std::move(value));
      break;
    }
    case Target::Kind::several: {
      if (value.is_undefined()) throw Failure(value.undefined_reason());
      std::vector<Value> items = iterate(value);
      if (items.size() != target.parts.size())
        throw Failure("cannot unpack " + std::to_string(items.size()) + " values into " +
                      std::to_string(target.parts.size()) + " names");
      for (std::size_t i = 0; i < items.size(); ++i) assign(target.parts[i], std::move(items[i]));
    }
  }
}

std::shared_ptr<Namespace> Interpreter::make_namespace() {
  namespaces_.push_back(std::make_shared<Namespace>());
  return namespaces_.back();
}

}  // namespace kelvin::jinja
