#include "tokenizer/jinja/operators.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

[[noreturn]] void fail_types(std::string_view symbol, const Value& left, const Value& right) {
  throw Failure("unsupported operand types for " + std::string(symbol) + ": " + type_name(left) + " and " +
                type_name(right));
}

void check_divisor(bool zero) {
  if (zero) throw Failure("division by zero");
}

double modulo(double a, double b) {
  check_divisor(b == 0);
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

double floor_divide(double a, double b) {
  check_divisor(b == 0);
  const double quotient = (a - modulo(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double down = std::floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}

double real_power(double base, double exponent) {
  check_divisor(base == 0 && exponent < 0);
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) && std::floor(exponent) != exponent)
    throw Failure("complex numbers are not supported");
  const double power = std::pow(base, exponent);
  if (std::isinf(power) && std::isfinite(base) && std::isfinite(exponent))
    throw Failure("a power is out of the range of a float");
  return power;
}

Value integer_power(const Value& base, const Value& exponent) {
  if (exponent.as_big().negative()) return real_power(base.as_number(), exponent.as_number());
  if (!exponent.is_big())
    return Value::integer(power(base.as_big(), static_cast<std::uint64_t>(exponent.as_integer())));
  const std::int64_t small = base.as_integer();
  if (small < -1 || small > 1) throw Failure("a power is too large");
  return small < 0 && exponent.as_big().divide(exponent.as_big(), 2).rest.zero() ? 1 : small;
}

Value big_operation(std::string_view symbol, const BigInteger& a, const BigInteger& b) {
  if (symbol == "+") return Value::integer(a + b);
  if (symbol == "-") return Value::integer(a - b);
  if (symbol == "*") return Value::integer(a * b);
  check_divisor(b.zero());
  if (symbol == "//") return Value::integer(BigInteger::divide(a, b).quotient);
  if (symbol == "%") return Value::integer(BigInteger::divide(a, b).rest);
  const double quotient = BigInteger::true_quotient(a, b);
  if (std::isinf(quotient)) throw Failure("the quotient of two integers is too large for a float");
  return quotient;
}

// Where 64 bits are enough, as nearly always.
std::optional<Value> small_operation(std::string_view symbol, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (symbol == "+")
    return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional<Value>(result);
  if (symbol == "-")
    return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional<Value>(result);
  if (symbol == "*")
    return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional<Value>(result);
  check_divisor(b == 0);
  if (symbol == "/") {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    if (a < -exact || a > exact || b < -exact || b > exact) return std::nullopt;
    return static_cast<double>(a) / static_cast<double>(b);
  }
  if (b == -1) return symbol == "%" ? std::optional<Value>(0) : std::nullopt;
  // Rounded towards minus infinity; the rest has the sign of the divisor.
  const std::int64_t rest = a % b;
  const bool down = rest != 0 && (rest < 0) != (b < 0);
  return symbol == "%" ? (down ? rest + b : rest) : a / b - (down ? 1 : 0);
}

Value integer_operation(std::string_view symbol, const Value& a, const Value& b) {
  if (symbol == "**") return integer_power(a, b);
  if (!a.is_big() && !b.is_big())
    if (std::optional<Value> small = small_operation(symbol, a.as_integer(), b.as_integer())) return *small;
  return big_operation(symbol, a.as_big(), b.as_big());
}

Value real_operation(std::string_view symbol, double a, double b) {
  if (symbol == "+") return a + b;
  if (symbol == "-") return a - b;
  if (symbol == "*") return a * b;
  if (symbol == "//") return floor_divide(a, b);
  if (symbol == "%") return modulo(a, b);
  if (symbol == "**") return real_power(a, b);
  check_divisor(b == 0);
  return a / b;
}

Value join_strings(const Text& left, const Text& right) {
  afford(left.bytes.size() + right.bytes.size());
  const bool markup = left.markup || right.markup;
  const auto part = [&](const Text& text) {
    return markup && !text.markup ? escape_html(text.bytes) : text.bytes;
  };
  return {part(left) + part(right), markup};
}

bool is_kind_of_tuple(const Value& value) {
  return value.is_sequence(SequenceKind::tuple) || value.is_sequence(SequenceKind::group);
}

bool both_lists_or_tuples(const Value& left, const Value& right) {
  return (left.is_sequence(SequenceKind::list) && right.is_sequence(SequenceKind::list)) ||
         (is_kind_of_tuple(left) && is_kind_of_tuple(right));
}

Value join_sequences(const Value& left, const Value& right) {
  afford(left.as_sequence().items.size() + right.as_sequence().items.size(), sizeof(Value));
  std::vector<Value> items = left.as_sequence().items;
  items.insert(items.end(), right.as_sequence().items.begin(), right.as_sequence().items.end());
  return Value::sequence(std::move(items), is_kind_of_tuple(left) ? SequenceKind::tuple : SequenceKind::list);
}

Value repeated(const Value& value, std::int64_t times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (value.is_string()) return {repeat(value.as_string(), count), value.as_text().markup};
  const std::vector<Value>& items = value.as_sequence().items;
  if (items.empty()) return value;
  afford(count, items.size() * sizeof(Value));
  spend_scan(count * items.size() * sizeof(Value));
  std::vector<Value> result;
  result.reserve(count * items.size());
  for (std::size_t i = 0; i < count; ++i) result.insert(result.end(), items.begin(), items.end());
  return Value::sequence(std::move(result),
                         is_kind_of_tuple(value) ? SequenceKind::tuple : SequenceKind::list);
}

bool can_repeat(const Value& value) {
  return value.is_string() || value.is_sequence(SequenceKind::list) || is_kind_of_tuple(value);
}

// Python's position for a bound of a slice of `size` items.
std::int64_t slice_bound(const Value& bound, std::int64_t size, bool backwards, std::int64_t fallback) {
  if (bound.is_none()) return fallback;
  if (!bound.is_integral()) throw Failure("slice indices must be integers or None");
  std::int64_t at = bound.is_big() ? (bound.as_big().negative() ? -size - 1 : size + 1) : bound.as_integer();
  if (at < 0) at += size;
  return std::clamp<std::int64_t>(at, backwards ? -1 : 0, backwards ? size - 1 : size);
}

}  // namespace

void check_defined(const Value& value) {
  if (value.is_undefined()) throw Failure(value.undefined_reason());
}

Value binary_operation(std::string_view symbol, const Value& left, const Value& right) {
  if (symbol == "%" && left.is_string())
    return {percent_format(left.as_string(), right, left.as_text().markup), left.as_text().markup};
  check_defined(left);
  check_defined(right);
  if (left.is_number() && right.is_number()) {
    if (left.is_integral() && right.is_integral()) return integer_operation(symbol, left, right);
    return real_operation(symbol, left.as_number(), right.as_number());
  }
  if (symbol == "+" && left.is_string() && right.is_string())
    return join_strings(left.as_text(), right.as_text());
  if (symbol == "+" && both_lists_or_tuples(left, right)) return join_sequences(left, right);
  if (symbol == "*" && can_repeat(left) && right.is_integral()) return repeated(left, right.as_integer());
  if (symbol == "*" && left.is_integral() && can_repeat(right)) return repeated(right, left.as_integer());
  fail_types(symbol, left, right);
}

Value negate(const Value& operand) {
  check_defined(operand);
  if (operand.is_real()) return -operand.as_number();
  if (!operand.is_integral()) throw Failure("a " + type_name(operand) + " cannot be negated");
  return integer_operation("-", 0, operand);
}

Value plus(const Value& operand) {
  check_defined(operand);
  if (operand.is_real()) return operand;
  if (!operand.is_integral()) throw Failure("a " + type_name(operand) + " has no sign");
  return operand.is_bool() ? Value(operand.as_integer()) : operand;
}

bool contains(const Value& haystack, const Value& needle) {
  if (haystack.is_string()) {
    if (!needle.is_string()) throw Failure("a " + type_name(needle) + " cannot be in a string");
    return find(haystack.as_string(), needle.as_string()) != not_found;
  }
  if (haystack.is_dict()) {
    if (!needle.is_object() && !is_hashable(needle))
      throw Failure("a " + type_name(needle) + " cannot be a key");
    return haystack.as_dict().find(needle) != nullptr;
  }
  if (haystack.is_sequence() && !haystack.is_sequence(SequenceKind::generator)) {
    const std::vector<Value>& items = haystack.as_sequence().items;
    return std::any_of(items.begin(), items.end(), [&](const Value& item) { return equal(item, needle); });
  }
  const std::vector<Value> items = iterate(haystack);
  return std::any_of(items.begin(), items.end(), [&](const Value& item) { return equal(item, needle); });
}

Value get_slice(const Value& object, const Value& start, const Value& stop, const Value& step) {
  check_defined(object);
  if (!object.is_string() && !object.is_sequence())
    throw Failure("a " + type_name(object) + " cannot be sliced");
  if (object.is_sequence() && object.as_sequence().kind >= SequenceKind::generator)
    throw Failure("a " + type_name(object) + " cannot be sliced");
  if (!step.is_none() && !step.is_integral()) throw Failure("slice indices must be integers or None");
  const std::int64_t stride = step.is_none() ? 1 : step.as_integer();
  if (stride == 0) throw Failure("the step of a slice cannot be zero");
  const bool backwards = stride < 0;
  const auto size = static_cast<std::int64_t>(object.is_string() ? object.as_text().length
                                                                 : object.as_sequence().items.size());
  const std::int64_t first = slice_bound(start, size, backwards, backwards ? size - 1 : 0);
  const std::int64_t last = slice_bound(stop, size, backwards, backwards ? -1 : size);
  if (object.is_string() && stride == 1) {
    const std::string_view text = object.as_string();
    if (first >= last) return {std::string(), object.as_text().markup};
    const bool single_bytes = object.as_text().length == text.size();
    const auto offset = [&](std::int64_t at) {
      return single_bytes ? static_cast<std::size_t>(at) : byte_offset(text, static_cast<std::size_t>(at));
    };
    const std::size_t from = offset(first), to = offset(last);
    return {std::string(text.substr(from, to - from)), object.as_text().markup};
  }
  const std::vector<Value> characters = object.is_string() ? iterate(object) : std::vector<Value>();
  const std::vector<Value>& items = object.is_string() ? characters : object.as_sequence().items;
  std::vector<Value> taken;
  for (std::int64_t at = first; backwards ? at > last : at < last;) {
    spend_scan(sizeof(Value));
    taken.push_back(items[static_cast<std::size_t>(at)]);
    if (__builtin_add_overflow(at, stride, &at)) break;
  }
  if (object.is_sequence())
    return Value::sequence(std::move(taken),
                           is_kind_of_tuple(object) ? SequenceKind::tuple : SequenceKind::list);
  std::string text;
  for (const Value& character : taken) text += character.as_string();
  return {std::move(text), object.as_text().markup};
}

}  // namespace kelvin::jinja
