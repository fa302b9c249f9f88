// Filters on numbers.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/number_text.h"
#include "tokenizer/jinja/operators.h"

namespace kelvin::jinja {

namespace {

// Exact for the powers that doubles hold exactly.
double power_of_ten(std::int64_t exponent) {
  double power = 1;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(exponent, 400); ++i) power *= 10;
  return power;
}

// With so many digits behind the point, rounded exactly.
std::string fixed_text(double value, int precision) {
  char text[700];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, precision).ptr};
}

// Python's round(): half to even, decided on the exact decimal expansion.
double rounded(double value, std::int64_t precision) {
  if (!std::isfinite(value) || precision > 330) return value;
  if (precision >= 0) return *parse_real(fixed_text(value, static_cast<int>(precision)));
  if (precision < -309) return std::copysign(0.0, value);
  const double power = power_of_ten(-precision), scaled = value / power;
  double down = std::floor(scaled);
  const double rest = scaled - down;
  if (rest > 0.5 || (rest == 0.5 && std::fmod(down, 2.0) != 0)) down += 1;
  return std::copysign(down * power, value);
}

std::int64_t rounded_integer(std::int64_t value, std::int64_t precision) {
  if (precision >= 0) return value;
  if (precision < -18) return 0;
  std::int64_t power = 1;
  for (std::int64_t i = 0; i < -precision; ++i) power *= 10;
  std::int64_t rest = value % power;
  if (rest < 0) rest += power;
  const std::int64_t down = value - rest;
  const bool up = rest > power - rest || (rest == power - rest && (down / power) % 2 != 0);
  return binary_operation("+", down, up ? power : std::int64_t{0}).as_integer();
}

}  // namespace

Value filter_abs(Call& call) {
  check_defined(call.self);
  if (call.self.is_real()) return std::fabs(call.self.as_number());
  if (!call.self.is_integral()) call.fail("a " + type_name(call.self) + " has no absolute value");
  return call.self.as_integer() < 0 ? negate(call.self) : plus(call.self);
}

Value filter_float(Call& call) {
  check_defined(call.self);
  if (call.self.is_number()) return call.self.as_number();
  const std::optional<double> parsed =
      call.self.is_string() ? parse_real(call.self.as_string()) : std::nullopt;
  return parsed ? Value(*parsed) : call.value_or(0, 0.0);
}

Value filter_int(Call& call) {
  check_defined(call.self);
  const Value fallback = call.value_or(0, 0);
  if (call.self.is_integral()) return call.self.as_integer();
  std::optional<double> real;
  if (call.self.is_string()) {
    const std::int64_t base = call.integer_or(1, 10);
    if (base != 0 && (base < 2 || base > 36)) return fallback;
    if (const auto integer = parse_integer(call.self.as_string(), static_cast<int>(base))) return *integer;
    real = parse_real(call.self.as_string());
    if (real && std::isinf(*real)) return fallback;
  } else if (call.self.is_real()) {
    real = call.self.as_number();
  }
  const std::optional<std::int64_t> integer = real ? truncated(*real) : std::nullopt;
  return integer ? Value(*integer) : fallback;
}

Value filter_round(Call& call) {
  check_defined(call.self);
  const std::int64_t precision = std::clamp<std::int64_t>(call.integer_or(0, 0), -400, 400);
  const std::string method = call.has(1) ? call.string(1) : "common";
  if (method != "common" && method != "ceil" && method != "floor")
    call.fail("method must be common, ceil or floor");
  if (!call.self.is_number()) call.fail("a " + type_name(call.self) + " cannot be rounded");
  if (method == "common" && call.self.is_integral())
    return rounded_integer(call.self.as_integer(), precision);
  const double value = call.self.as_number();
  if (method == "common") return rounded(value, precision);
  const double power = precision >= 0 ? power_of_ten(precision) : 1 / power_of_ten(-precision);
  const double scaled = value * power;
  return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / power;
}

}  // namespace kelvin::jinja
