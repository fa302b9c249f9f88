// Arithmetic in one line, for parameters that depend on the step: "step % 8 == 0 ? -1 : 0.7 + 0.5 * exp(-step
// / 20)". Operators, weakest first: ?:  ||  &&  == != < <= > >=  + -  * / %  unary - !  ^. Functions: exp ln
// sqrt abs floor sin cos min max clamp. Constants: inf pi. Of the text generated so far, with a regular expression
// between slashes ("\/" is a slash in it): text ~ /../, last(16) ~ /../, count(/../), since(/../). No loops, no
// assignments; the cost of an evaluation is the length of the expression.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/stages/text_look.h"

namespace kelvin::sampling {

class Expression {
 public:
  // `variables`: the names that may occur. Throws UserError with the column, what was expected
  // and what stands there.
  Expression(std::string_view text, std::vector<std::string> variables);

  // `values`: one per variable, then one per look. The same bits on every machine.
  double value(std::span<const double> values) const;

  bool uses(std::string_view variable) const;

  // What it asks of the text, from left to right.
  const std::vector<TextLook>& looks() const { return looks_; }

 private:
  friend class ExpressionParser;
  using Operation = double (*)(const double* arguments);
  // Code for a stack machine, where a call replaces its arguments by their result; `?:` jumps forward only.
  enum class Op { constant, variable, call, jump_if_zero, jump };
  struct Instruction {
    Op op;
    double number = 0;              // constant
    std::size_t index = 0;          // variable or look, number of arguments, or target of a jump
    Operation operation = nullptr;  // called
  };
  std::vector<std::string> variables_;
  std::vector<TextLook> looks_;
  std::vector<Instruction> code_;
  static constexpr int deepest_stack = 256;
};

}  // namespace kelvin::sampling
