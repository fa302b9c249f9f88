#include "sampling/stages/expression.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

// x^y; whole y by repeated squaring, so that small powers are exact and negative x allowed.
double power(double x, double y) {
  if (std::floor(y) == y && std::fabs(y) <= 1024) {
    double result = 1, factor = x;
    for (auto n = static_cast<unsigned>(std::fabs(y)); n > 0; n >>= 1) {
      if (n & 1) result *= factor;
      factor *= factor;
    }
    return y < 0 ? 1 / result : result;
  }
  return x == 0 ? (y > 0 ? 0.0 : infinity) : exp_exact(y * log_exact(x));
}

// sin by its Taylor series after reduction to [-pi/2, pi/2]; within 1e-13 for |x| up to 1e3, ample for a
// schedule.
double sine(double x) {
  constexpr double pi = 3.14159265358979323846;
  const double turns = std::floor(x / pi + 0.5);
  const double r = x - turns * pi;
  double series = 1;
  for (int n = 21; n >= 3; n -= 2) series = 1 - series * r * r / (n * (n - 1));
  const bool odd = std::floor(turns / 2) * 2 != turns;
  return odd ? -r * series : r * series;
}

}  // namespace

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
    const auto binary = [&](double result) { *--top = result; };
    switch (code.op) {
      case Op::constant:
        *++top = code.number;
        break;
      case Op::variable:
        *++top = values[code.index];
        break;
      case Op::negate:
        *top = -*top;
        break;
      case Op::invert:
        *top = *top == 0;
        break;
      case Op::add:
        binary(top[-1] + *top);
        break;
      case Op::subtract:
        binary(top[-1] - *top);
        break;
      case Op::multiply:
        binary(top[-1] * *top);
        break;
      case Op::divide:
        binary(top[-1] / *top);
        break;
      case Op::modulo:
        binary(top[-1] - std::floor(top[-1] / *top) * *top);
        break;
      case Op::power:
        binary(power(top[-1], *top));
        break;
      case Op::equal:
        binary(top[-1] == *top);
        break;
      case Op::unequal:
        binary(top[-1] != *top);
        break;
      case Op::less:
        binary(top[-1] < *top);
        break;
      case Op::less_equal:
        binary(top[-1] <= *top);
        break;
      case Op::greater:
        binary(top[-1] > *top);
        break;
      case Op::greater_equal:
        binary(top[-1] >= *top);
        break;
      case Op::both:
        binary(top[-1] != 0 && *top != 0);
        break;
      case Op::either:
        binary(top[-1] != 0 || *top != 0);
        break;
      case Op::jump_if_zero:
        if (*top-- == 0) at = code.index - 1;
        break;
      case Op::jump:
        at = code.index - 1;
        break;
      case Op::exp:
        *top = exp_exact(*top);
        break;
      case Op::ln:
        *top = log_exact(*top);
        break;
      case Op::sqrt:
        *top = std::sqrt(*top);
        break;
      case Op::abs:
        *top = std::fabs(*top);
        break;
      case Op::floor:
        *top = std::floor(*top);
        break;
      case Op::sin:
        *top = sine(*top);
        break;
      case Op::cos:
        *top = sine(*top + 1.57079632679489661923);
        break;
      case Op::min:
        binary(std::min(top[-1], *top));
        break;
      case Op::max:
        binary(std::max(top[-1], *top));
        break;
      case Op::clamp:
        top -= 2;
        *top = std::min(std::max(*top, top[1]), top[2]);
        break;
    }
  }
  return *top;
}

}  // namespace kelvin::sampling
