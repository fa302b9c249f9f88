#include "loaders/json/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace kelvin {
namespace {

const char* skip_digits(const char* at, const char* end) {
  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at;
}

// Whether the number `text`, known to lie outside the normal range of a double, is too large rather than too
// small.
bool too_large(std::string_view text) {
  const std::size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, exponent_at);
  const std::size_t first_digit = mantissa.find_first_not_of("-0.");
  if (first_digit == mantissa.npos) return false;
  // No text that fits into memory outweighs an exponent of this size.
  constexpr std::int64_t max = std::int64_t{1} << 60;
  std::int64_t exponent = 0;
  if (exponent_at < text.size()) {
    const char *from = text.data() + exponent_at + 1, *const to = text.data() + text.size();
    if (*from == '+') ++from;
    if (std::from_chars(from, to, exponent).ec != std::errc()) exponent = *from == '-' ? -max : max;
    exponent = std::clamp(exponent, -max, max);
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first_digit) > 0;
}

}  // namespace

NumberRead read_json_number(const char* begin, const char* end, JsonNode& node) {
  const bool negative = *begin == '-';
  const char* const digits = begin + negative;
  const char* at = digits;
  std::uint64_t sum = 0;  // of the digits; may wrap
  for (; at < end && *at >= '0' && *at <= '9'; ++at) sum = sum * 10 + static_cast<std::uint64_t>(*at - '0');
  if (at == digits) return {at, at, "a digit"};
  if (*digits == '0' && at - digits > 1) return {at, begin, "a number without leading zeros"};
  bool integer = true;
  if (at < end && *at == '.') {
    integer = false;
    const char* const fraction = at + 1;
    at = skip_digits(fraction, end);
    if (at == fraction) return {at, at, "a digit after the decimal point"};
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    integer = false;
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(exponent, end);
    if (at == exponent) return {at, at, "a digit of the exponent"};
  }
  if (integer && !negative && at - digits <= 18) {
    node.int64 = static_cast<std::int64_t>(sum);
    node.form = JsonNode::Form::int64;
    return {at, nullptr, {}};
  }
  if (integer) {
    if (std::from_chars(begin, at, node.int64).ec == std::errc()) {
      node.form = negative && node.int64 == 0 ? JsonNode::Form::minus_zero : JsonNode::Form::int64;
      return {at, nullptr, {}};
    }
    if (!negative && std::from_chars(begin, at, node.uint64).ec == std::errc()) {
      node.form = JsonNode::Form::uint64;
      return {at, nullptr, {}};
    }
  }
  node.form = JsonNode::Form::real;
  double real = 0;
  // from_chars says the same of too large and too small; but too small is a correctly rounded zero and no
  // error.
  if (std::from_chars(begin, at, real).ec == std::errc::result_out_of_range || std::isinf(real)) {
    if (too_large({begin, static_cast<std::size_t>(at - begin)}))
      return {at, begin, "a number in the range of a double"};
    real = negative ? -0.0 : 0.0;
  }
  node.real = real;
  return {at, nullptr, {}};
}

}  // namespace kelvin
