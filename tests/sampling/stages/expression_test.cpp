#include "sampling/stages/expression.h"
#include "tests/support.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace kelvin;
using namespace kelvin::sampling;

namespace {

double value_of(const std::string& text, std::vector<double> values = {}) {
  std::vector<std::string> names = {"x", "y"};
  names.resize(values.size());
  return Expression(text, names).value(values);
}

std::string error_of(const std::string& text) {
  try {
    Expression(text, {"step", "H"});
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("precedence and associativity") {
  CHECK(value_of("1 + 2 * 3") == 7);
  CHECK(value_of("10 - 4 - 3") == 3);
  CHECK(value_of("16 / 4 / 2") == 2);
  CHECK(value_of("-2 ^ 2") == -4);
  CHECK(value_of("2 ^ 3 ^ 2") == 512);
  CHECK(value_of("2 ^ -1") == 0.5);
  CHECK(value_of("(1 < 2) == 1") == 1);
  CHECK(value_of("!0 && 2 || 0") == 1);
  CHECK(value_of("0 ? 1 : 0 ? 2 : 3") == 3);
  CHECK(value_of("1 ? 0 ? 4 : 5 : 6") == 5);
  CHECK(value_of("(1 + 2) * 3") == 9);
  CHECK(value_of("1e-3 * 5") == doctest::Approx(0.005));
  CHECK(value_of("--3") == 3);
}

TEST_CASE("variables and functions") {
  for (const double x : {0.0, 1.0, 7.0, 8.0, 39.0}) {
    CHECK(value_of("0.7 + 0.5*exp(-x/20)", {x}) ==
          doctest::Approx(0.7 + 0.5 * std::exp(-x / 20)).epsilon(1e-14));
    CHECK(value_of("x % 8 == 0 ? -1 : 0.8", {x}) == (std::fmod(x, 8) == 0 ? -1 : 0.8));
    CHECK(value_of("sin(x) + cos(2*x)", {x}) ==
          doctest::Approx(std::sin(x) + std::cos(2 * x)).epsilon(1e-11));
    CHECK(value_of("clamp(x, 2, 10)", {x}) == std::min(std::max(x, 2.0), 10.0));
    CHECK(value_of("min(x, y) + max(x, y)", {x, 3.0}) == x + 3);
    CHECK(value_of("sqrt(x) + abs(-x) + floor(x / 2)", {x}) ==
          doctest::Approx(std::sqrt(x) + x + std::floor(x / 2)));
    CHECK(value_of("ln(x + 1)", {x}) == doctest::Approx(std::log(x + 1)).epsilon(1e-14));
    CHECK(value_of("x ^ 2.5", {x}) == doctest::Approx(std::pow(x, 2.5)).epsilon(1e-13));
  }
  CHECK(value_of("inf") == std::numeric_limits<double>::infinity());
  CHECK(value_of("(0 - 5) % 3") == 1);
  CHECK(std::isnan(value_of("0 / 0")));
  CHECK(Expression("H + 1", {"step", "H"}).uses("H"));
  CHECK(!Expression("H + 1", {"step", "H"}).uses("step"));
}

TEST_CASE("errors name the column and what was expected") {
  CHECK(test::holds(error_of("0.7 + "), "column 7"));
  CHECK(test::holds(error_of("0.7 + "), "the end found"));
  CHECK(test::holds(error_of("stp * 2"), "did you mean \"step\"?"));
  CHECK(test::holds(error_of("exp 2"), "\"(\" expected"));
  CHECK(test::holds(error_of("min(1)"), "\",\" expected"));
  CHECK(test::holds(error_of("step ? 1"), "\":\" expected"));
  CHECK(test::holds(error_of("1 2"), "column 3"));
  CHECK(test::holds(error_of(""), "column 1"));
  CHECK(test::holds(error_of("step = 2"), "an operator or the end"));
  CHECK(!error_of("1 + \xff").empty());
}

TEST_CASE("hostile text ends quickly") {
  CHECK(test::holds(error_of(std::string(100000, '(')), "nested too deeply"));
  CHECK(test::holds(error_of(std::string(100000, '-') + "1"), "nested too deeply"));
  std::string ladder;
  for (int i = 0; i < 1000; ++i) ladder += "1 ? 2 : ";
  CHECK(test::holds(error_of(ladder + "3"), "nested too deeply"));
  std::string tower;
  for (int i = 0; i < 90; ++i) tower += "0 || 0 && 1 < 2 + 3 * (";
  CHECK(test::holds(error_of(tower + "1" + std::string(90, ')')), "nested too deeply"));
  std::string sum = "1";
  for (int i = 0; i < 50000; ++i) sum += "+1";
  CHECK(value_of(sum) == 50001);
}
