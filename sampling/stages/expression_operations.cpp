#include "sampling/stages/expression_operations.h"

#include <algorithm>
#include <cmath>

#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

double power_of(double x, double y) {
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

namespace {

// sin by its Taylor series after reduction to [-pi/2, pi/2]; within 1e-13 for |x| up to 1e3, ample for a
// schedule.
double sine(double x) {
  const double turns = std::floor(x / pi + 0.5);
  const double r = x - turns * pi;
  double series = 1;
  for (int n = 21; n >= 3; n -= 2) series = 1 - series * r * r / (n * (n - 1));
  const bool odd = std::floor(turns / 2) * 2 != turns;
  return odd ? -r * series : r * series;
}

constexpr Function all_functions[] = {
    {"exp", 1, [](const double* x) { return exp_exact(x[0]); }},
    {"ln", 1, [](const double* x) { return log_exact(x[0]); }},
    {"sqrt", 1, [](const double* x) { return std::sqrt(x[0]); }},
    {"abs", 1, [](const double* x) { return std::fabs(x[0]); }},
    {"floor", 1, [](const double* x) { return std::floor(x[0]); }},
    {"sin", 1, [](const double* x) { return sine(x[0]); }},
    {"cos", 1, [](const double* x) { return sine(x[0] + pi / 2); }},
    {"min", 2, [](const double* x) { return std::min(x[0], x[1]); }},
    {"max", 2, [](const double* x) { return std::max(x[0], x[1]); }},
    {"clamp", 3, [](const double* x) { return std::min(std::max(x[0], x[1]), x[2]); }},
};

constexpr Operator all_operators[] = {
    {0, "||", [](const double* x) { return double(x[0] != 0 || x[1] != 0); }},
    {1, "&&", [](const double* x) { return double(x[0] != 0 && x[1] != 0); }},
    {comparison, "==", [](const double* x) { return double(x[0] == x[1]); }},
    {comparison, "!=", [](const double* x) { return double(x[0] != x[1]); }},
    {comparison, "<=", [](const double* x) { return double(x[0] <= x[1]); }},
    {comparison, ">=", [](const double* x) { return double(x[0] >= x[1]); }},
    {comparison, "<", [](const double* x) { return double(x[0] < x[1]); }},
    {comparison, ">", [](const double* x) { return double(x[0] > x[1]); }},
    {3, "+", [](const double* x) { return x[0] + x[1]; }},
    {3, "-", [](const double* x) { return x[0] - x[1]; }},
    {strongest, "*", [](const double* x) { return x[0] * x[1]; }},
    {strongest, "/", [](const double* x) { return x[0] / x[1]; }},
    {strongest, "%", [](const double* x) { return x[0] - std::floor(x[0] / x[1]) * x[1]; }},
};

}  // namespace

std::span<const Function> functions() { return all_functions; }

std::span<const Operator> operators() { return all_operators; }

}  // namespace kelvin::sampling
