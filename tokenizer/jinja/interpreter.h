// Walks the tree of a template and prints. One interpreter renders once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/builtin.h"
#include "tokenizer/jinja/clock.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

// Variables of one block; names not found are looked up in the block around it. Macros see the scope they
// were defined in as long as it lives, and the outermost after that.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<NameId, Value>> variables;

  Value* find(NameId name);  // here only
  void set(NameId name, Value value);
};

class Interpreter {
 public:
  // `program` must outlive the interpreter. `variables` is a dict.
  Interpreter(const Program& program, const Value& variables, const Clock& clock, int depth_limit);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // The text of the template. Throws Failure; line() is where.
  std::string run();
  int line() const { return line_; }

  // For filters, macros and loops.
  Value call(const Value& callee, Arguments arguments);
  Value apply_filter(const std::string& name, Value value, Arguments arguments);
  bool apply_test(const std::string& name, Value value, Arguments arguments);
  Value call_macro(const MacroCode& code, const std::shared_ptr<Scope>& home, Arguments arguments);
  Value render_loop(const Statement& statement, const std::shared_ptr<Scope>& home, std::vector<Value> items,
                    int depth);
  std::shared_ptr<Namespace> make_namespace();
  const Clock& clock() const { return clock_; }
  bool escapes() const { return escapes_; }  // within {% autoescape true %}

 private:
  enum class Flow { normal, leave_loop, next_round };
  class Nested;

  Flow run(const Block& block);
  Flow run(const Statement& statement);
  Flow run_conditional(const Statement& statement);
  Flow run_loop(const Statement& statement, std::vector<Value> items, int depth);
  Flow run_in_new_scope(const Block& block);
  Flow run_with(const Statement& statement);
  void run_call_block(const Statement& statement);
  // What `block` prints, in a scope of its own, through `filters`.
  Flow capture(const Block& block, const std::vector<Expression>& filters, Value& text);
  template <class Work>
  std::string captured(Work work);
  void define_parameters(const MacroCode& code, Arguments arguments);

  Value evaluate(const Expression& expression);
  Value evaluate_children(const Expression& expression);
  Value evaluate_dict(const Expression& expression);
  Value evaluate_concat(const Expression& expression);
  bool compare(const Expression& expression);
  Value filter_through(const Expression& filter, Value value);
  Arguments evaluate_arguments(const std::vector<Argument>& arguments);
  Value look_up(NameId name);
  void assign(const Target& target, Value value);

  const Program& program_;
  const Clock& clock_;
  const int depth_limit_;
  int depth_ = 0;
  int line_ = 1;
  std::vector<Value> context_;  // per name: the caller's variable, a global function or undefined
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::shared_ptr<Scope> root_, scope_;
  NameId loop_name_ = -1, caller_name_ = -1, varargs_name_ = -1, kwargs_name_ = -1;
  TextBuilder* out_ = nullptr;
  bool escapes_ = false, joins_markup_ = true;
};

// Counts one more level of recursion while it lives; throws Failure at the limit.
class Interpreter::Nested {
 public:
  explicit Nested(Interpreter& interpreter) : interpreter_(interpreter) {
    if (interpreter.depth_ >= interpreter.depth_limit_)
      throw Failure("the template nests or recurses too deeply");
    ++interpreter.depth_;
  }
  ~Nested() { --interpreter_.depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  Interpreter& interpreter_;
};

class Macro : public Object {
 public:
  Macro(const MacroCode& code, const std::shared_ptr<Scope>& home) : code_(code), home_(home) {}
  std::string_view type() const override { return "macro"; }
  std::optional<Value> attribute(std::string_view name) const override;
  Value call(Interpreter& interpreter, Arguments arguments) override;

 private:
  const MacroCode& code_;
  std::weak_ptr<Scope> home_;
};

}  // namespace kelvin::jinja
