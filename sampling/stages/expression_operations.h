// What expressions compute with: functions by name, and operators by sign.
#pragma once

#include <cstddef>
#include <span>

namespace kelvin::sampling {

using Operation = double (*)(const double* arguments);

struct Function {
  const char* name;
  std::size_t arguments;
  Operation operation;
};
std::span<const Function> functions();

// Operators between two values, by how strongly they bind. No sign is the beginning of a later one of its level.
struct Operator {
  int level;
  const char* sign;
  Operation operation;
};
constexpr int comparison = 2, strongest = 4;
std::span<const Operator> operators();

// x^y; whole y by repeated squaring, so that small powers are exact and negative x allowed.
double power_of(double x, double y);

constexpr double pi = 3.14159265358979323846;

}  // namespace kelvin::sampling
