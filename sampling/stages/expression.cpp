#include "sampling/stages/expression.h"

#include <algorithm>
#include <array>

namespace kelvin::sampling {

bool Expression::uses(std::string_view variable) const {
  return std::any_of(code_.begin(), code_.end(), [&](const Instruction& instruction) {
    return instruction.op == Op::variable && variables_[instruction.index] == variable;
  });
}

double Expression::value(std::span<const double> values) const {
  std::array<double, deepest_stack + 1> stack;
  double* top = stack.data();  // the last value; stack[0] is never one
  for (std::size_t at = 0; at < code_.size(); ++at) {
    const Instruction& code = code_[at];
    switch (code.op) {
      case Op::constant:
        *++top = code.number;
        break;
      case Op::variable:
        *++top = values[code.index];
        break;
      case Op::call:
        top -= code.index - 1;
        *top = code.operation(top);
        break;
      case Op::jump_if_zero:
        if (*top-- == 0) at = code.index - 1;
        break;
      case Op::jump:
        at = code.index - 1;
        break;
    }
  }
  return *top;
}

}  // namespace kelvin::sampling
