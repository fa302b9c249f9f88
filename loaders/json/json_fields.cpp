#include "loaders/json/json_fields.h"

#include <charconv>
#include <string>

namespace kelvin {
namespace {

std::string text_of(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::string text_of(RealRange range) {
  if (range.low == positive_real.low && range.high == RealRange().high) return "a number above 0";
  if (range.high == RealRange().high) return "a number from " + text_of(range.low);
  return "a number from " + text_of(range.low) + " to " + text_of(range.high);
}

}  // namespace

int int_in(JsonValue value, IntRange range) {
  const std::string expected =
      "an integer from " + std::to_string(range.low) + " to " + std::to_string(range.high) + " expected";
  if (!value.is_number()) value.fail(expected + ", " + std::string(json_type_name(value.type())) + " found");
  if (!value.is_integer()) value.fail(expected + ", " + text_of(value.as_double()) + " found");
  // An integer of more than 63 bits is out of any range and shown rounded.
  const double rounded = value.as_double();
  if (rounded > 9e18 || rounded < -9e18) value.fail(expected + ", " + text_of(rounded) + " found");
  const std::int64_t number = value.as_int();
  if (number < range.low || number > range.high)
    value.fail(expected + ", " + std::to_string(number) + " found");
  return static_cast<int>(number);
}

double real_in(JsonValue value, RealRange range) {
  if (!value.is_number())
    value.fail(text_of(range) + " expected, " + std::string(json_type_name(value.type())) + " found");
  const double number = value.as_double();
  if (!(number >= range.low && number <= range.high))
    value.fail(text_of(range) + " expected, " + text_of(number) + " found");
  return number;
}

int required_int(JsonValue object, std::string_view key, IntRange range) {
  return int_in(object.at(key), range);
}

double required_real(JsonValue object, std::string_view key, RealRange range) {
  return real_in(object.at(key), range);
}

std::optional<JsonValue> optional_member(JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && !member->is_null() ? member : std::nullopt;
}

std::optional<int> optional_int(JsonValue object, std::string_view key, IntRange range) {
  const auto member = optional_member(object, key);
  return member ? std::optional(int_in(*member, range)) : std::nullopt;
}

std::optional<double> optional_real(JsonValue object, std::string_view key, RealRange range) {
  const auto member = optional_member(object, key);
  return member ? std::optional(real_in(*member, range)) : std::nullopt;
}

std::optional<bool> optional_bool(JsonValue object, std::string_view key) {
  const auto member = optional_member(object, key);
  return member ? std::optional(member->as_bool()) : std::nullopt;
}

}  // namespace kelvin
