// Filters on numbers.
#include <algorithm>
#include <cmath>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/number_text.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

namespace {

// Exact for the powers that doubles hold exactly.
double power_of_ten(std::int64_t exponent) {
  double power = 1;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(exponent, 400); ++i) power *= 10;
  return power;
}

// Python's round(): half to even, decided on the exact decimal expansion.
double rounded(double value, std::int64_t precision) {
  if (!std::isfinite(value) || precision > 330) return value;
  if (precision >= 0) return *parse_real(format_real(value, 'f', static_cast<int>(precision)));
  if (precision < -309) return std::copysign(0.0, value);
  const double power = power_of_ten(-precision), scaled = value / power;
  double down = std::floor(scaled);
  const double rest = scaled - down;
  if (rest > 0.5 || (rest == 0.5 && std::fmod(down, 2.0) != 0)) down += 1;
  return std::copysign(down * power, value);
}

// To a multiple of a power of ten, half to even.
Value rounded_integer(const BigInteger& value, std::int64_t precision) {
  if (precision >= 0) return Value::integer(value);
  const BigInteger unit = power(10, static_cast<std::uint64_t>(-precision));
  const auto [quotient, rest] = BigInteger::divide(value, unit);
  const std::strong_ordering half = rest + rest <=> unit;
  const bool odd = !BigInteger::divide(quotient, 2).rest.zero();
  return Value::integer((half > 0 || (half == 0 && odd) ? quotient + 1 : quotient) * unit);
}

}  // namespace

Value filter_abs(Call& call) {
  check_defined(call.self);
  if (call.self.is_real()) return std::fabs(call.self.as_number());
  if (!call.self.is_integral()) call.fail("a " + type_name(call.self) + " has no absolute value");
  return less(call.self, 0) ? negate(call.self) : plus(call.self);
}

Value filter_filesizeformat(Call& call) {
  const bool binary = call.truth_or(0, false);
  const Value number = call.self.is_number() ? call.self : Value(parse_real(call.self_text()).value_or(NAN));
  const double bytes = number.as_number(), base = binary ? 1024 : 1000;
  if (std::isnan(bytes)) call.fail("not a number");
  if (bytes == 1) return "1 Byte";
  if (bytes < base) return to_text(*truncated(bytes)) + " Bytes";
  double unit = base;
  std::size_t prefix = 0;
  static constexpr std::string_view decimal = "kMGTPEZY", of_two = "KMGTPEZY";
  for (; prefix + 1 < decimal.size() && bytes >= unit * base; ++prefix) unit *= base;
  return format_real(base * bytes / (unit * base), 'f', 1) + " " + (binary ? of_two : decimal)[prefix] +
         (binary ? "iB" : "B");
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
  if (call.self.is_integral()) return plus(call.self);
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
  return real ? truncated(*real).value_or(fallback) : fallback;
}

Value filter_round(Call& call) {
  check_defined(call.self);
  const std::int64_t precision = std::clamp<std::int64_t>(call.integer_or(0, 0), -400, 400);
  const std::string method = call.has(1) ? call.string(1) : "common";
  if (method != "common" && method != "ceil" && method != "floor")
    call.fail("method must be common, ceil or floor");
  if (!call.self.is_number()) call.fail("a " + type_name(call.self) + " cannot be rounded");
  if (method == "common" && call.self.is_integral()) return rounded_integer(call.self.as_big(), precision);
  const double value = call.self.as_number();
  if (method == "common") return rounded(value, precision);
  const double power = precision >= 0 ? power_of_ten(precision) : 1 / power_of_ten(-precision);
  const double scaled = value * power;
  return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / power;
}

}  // namespace kelvin::jinja
