// Filters that make numbers.
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

// Towards zero; nullopt for NaN. Throws Failure where int() raises OverflowError or 64 bits are too few.
std::optional<std::int64_t> truncated(double value) {
  if (std::isnan(value)) return std::nullopt;
  if (!(value > -0x1p63 - 1 && value < 0x1p63)) throw Failure("an integer does not fit into 64 bits");
  return static_cast<std::int64_t>(value);
}

// What Python's int(text) gives, or else int(float(text)); nullopt where both raise.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = strip(text, Side::both);
  if (text.find('_') != text.npos) throw Failure("int: underscores in a number are not supported");
  if (text.starts_with("+") && !text.starts_with("+-")) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  const auto [integer_end, integer_error] = std::from_chars(text.data(), end, integer);
  if (integer_end == end && integer_error == std::errc::result_out_of_range)
    throw Failure("an integer does not fit into 64 bits");
  if (integer_end == end && integer_error == std::errc()) return integer;
  double real = 0;
  const auto [real_end, real_error] = std::from_chars(text.data(), end, real);
  // from_chars would also take nan(...).
  if (real_end != end || real_error == std::errc::invalid_argument || text.ends_with(')'))
    return std::nullopt;
  if (real_error != std::errc()) throw Failure("int: the number '" + std::string(text) + "' is out of range");
  return std::isinf(real) ? std::nullopt : truncated(real);
}

}  // namespace

Value filter_int(Call& call) {
  check_defined(call.self);
  if (call.self.is_integral()) return call.self.as_integer();
  std::optional<std::int64_t> integer;
  if (call.self.is_string()) integer = parse_integer(call.self.as_string());
  if (call.self.is_real()) integer = truncated(call.self.as_number());
  return integer ? Value(*integer) : call.value_or(0, 0);
}

}  // namespace kelvin::jinja
