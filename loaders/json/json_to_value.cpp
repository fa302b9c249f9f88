#include "loaders/json/json_to_value.h"

#include <string>
#include <vector>

namespace kelvin {

jinja::Value json_to_value(const JsonValue& json) {
  switch (json.type()) {
    case JsonType::null:
      return {};
    case JsonType::boolean:
      return json.as_bool();
    case JsonType::number:
      if (json.is_integer()) return json.as_int();
      return json.as_double();
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
