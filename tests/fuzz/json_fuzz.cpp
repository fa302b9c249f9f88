// Any bytes: either a LoadError or a document whose every value can be read and found again.
#include <cstdlib>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"

namespace {

using kelvin::JsonType;
using kelvin::JsonValue;

void require(bool truth) {
  if (!truth) std::abort();
}

std::size_t visit(JsonValue value) {
  std::size_t visited = 1;
  switch (value.type()) {
    case JsonType::null:
      break;
    case JsonType::boolean:
      value.as_bool();
      break;
    case JsonType::number:
      value.as_double();
      if (value.is_integer() && value.as_double() < 0) require(value.as_int() < 0);
      break;
    case JsonType::string:
      value.as_string();
      break;
    case JsonType::array:
      for (const JsonValue item : value.items()) visited += visit(item);
      break;
    case JsonType::object: {
      std::size_t members = 0;
      for (const auto& [key, member] : value.members()) {
        require(value.find(key).has_value());
        visited += visit(member);
        ++members;
      }
      require(members == value.size());
      break;
    }
  }
  return visited;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto document = kelvin::parse_json(std::as_bytes(std::span(data, size)), "fuzz");
    visit(document.root());
    document.root().path();
  } catch (const kelvin::LoadError&) {
  }
  return 0;
}
