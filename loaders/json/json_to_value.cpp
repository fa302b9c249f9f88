#include "loaders/json/json_to_value.h"

#include <string>
#include <vector>

namespace kelvin {
namespace {

// Integers are exact, whatever their size.
jinja::Value number(const JsonValue& json) {
  if (json.is_integer()) {
    const bool large = json.as_double() >= 0x1p63;
    return large ? jinja::Value::integer(jinja::BigInteger::of_unsigned(json.as_uint())) : json.as_int();
  }
  std::string_view digits = json.long_integer();
  if (digits.empty()) return json.as_double();
  const bool negative = digits.starts_with('-');
  digits.remove_prefix(negative);
  const jinja::BigInteger magnitude = *jinja::BigInteger::parse(digits, 10);
  return jinja::Value::integer(negative ? -magnitude : magnitude);
}

}  // namespace

jinja::Value json_to_value(const JsonValue& json) {
  switch (json.type()) {
    case JsonType::null:
      return {};
    case JsonType::boolean:
      return json.as_bool();
    case JsonType::number:
      return number(json);
    case JsonType::string:
      return json.as_string();
    case JsonType::array: {
      std::vector<jinja::Value> items;
      items.reserve(json.size());
      for (const JsonValue item : json.items()) items.push_back(json_to_value(item));
      return jinja::Value::list(std::move(items));
    }
    case JsonType::object: {
      std::vector<jinja::Entry> entries;
      entries.reserve(json.size());
      for (const JsonMember member : json.members())
        entries.emplace_back(member.key, json_to_value(member.value));
      return jinja::Value::dict(std::move(entries));
    }
  }
  return {};
}

}  // namespace kelvin
