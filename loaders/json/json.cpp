#include "loaders/json/json.h"

#include <algorithm>
#include <cstring>

#include "loaders/files/load_error.h"

namespace kelvin {

std::string_view json_type_name(JsonType type) {
  constexpr std::string_view names[] = {"null",     "true or false", "a number",
                                        "a string", "an array",      "an object"};
  return names[static_cast<std::size_t>(type)];
}

std::uint32_t json_hash(std::string_view key) {
  // Quality matters little here (equal hashes are compared), speed for short keys does.
  std::uint64_t hash = key.size() * 0x9E3779B97F4A7C15u;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
  };
  while (key.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, key.data(), 8);
    mix(word);
    key.remove_prefix(8);
  }
  std::uint64_t word = 0;
  for (const char c : key) word = word << 8 | static_cast<unsigned char>(c);
  mix(word);
  return static_cast<std::uint32_t>(hash);
}

const std::string& JsonDocument::name() const { return tape_->name; }

std::string_view JsonDocument::text() const { return tape_->text; }

JsonType JsonValue::type() const { return tape_->nodes[index_].type; }

void JsonValue::require(JsonType type) const {
  const JsonType found = this->type();
  if (found != type)
    fail(std::string(json_type_name(type)) + " expected, " + std::string(json_type_name(found)) + " found");
}

bool JsonValue::is_integer() const {
  return is_number() && tape_->nodes[index_].form != JsonNode::Form::real;
}

bool JsonValue::as_bool() const {
  require(JsonType::boolean);
  return tape_->nodes[index_].boolean;
}

std::int64_t JsonValue::as_int() const {
  require(JsonType::number);
  const JsonNode& node = tape_->nodes[index_];
  if (node.form == JsonNode::Form::int64) return node.int64;
  if (node.form == JsonNode::Form::minus_zero) return 0;
  if (node.form == JsonNode::Form::uint64)
    fail("integer below 2^63 expected, " + std::to_string(node.uint64) + " found");
  fail("an integer expected, a number with fraction, exponent or more than 64 bits found");
}

std::uint64_t JsonValue::as_uint() const {
  require(JsonType::number);
  const JsonNode& node = tape_->nodes[index_];
  if (node.form == JsonNode::Form::uint64) return node.uint64;
  const std::int64_t value = as_int();
  if (value < 0) fail("an integer >= 0 expected, " + std::to_string(value) + " found");
  return static_cast<std::uint64_t>(value);
}

double JsonValue::as_double() const {
  require(JsonType::number);
  const JsonNode& node = tape_->nodes[index_];
  switch (node.form) {
    case JsonNode::Form::int64:
      return static_cast<double>(node.int64);
    case JsonNode::Form::uint64:
      return static_cast<double>(node.uint64);
    case JsonNode::Form::minus_zero:
      return -0.0;
    default:
      return node.real;
  }
}

std::string_view JsonValue::long_integer() const {
  require(JsonType::number);
  const JsonNode& node = tape_->nodes[index_];
  if (node.form != JsonNode::Form::real) return {};
  const std::string_view text = tape_->text.substr(node.offset);
  const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
  const bool integer = text[end - 1] >= '0' && text[end - 1] <= '9' &&
                       (end == text.size() || std::string_view(".eEI").find(text[end]) == text.npos);
  return integer ? text.substr(0, end) : std::string_view();
}

std::string_view JsonValue::as_string() const {
  require(JsonType::string);
  return tape_->string(tape_->nodes[index_]);
}

std::size_t JsonValue::size() const {
  if (!is_object()) require(JsonType::array);
  return tape_->nodes[index_].container.size;
}

JsonItems JsonValue::items() const {
  require(JsonType::array);
  return JsonItems(*this);
}

JsonMembers JsonValue::members() const {
  require(JsonType::object);
  return JsonMembers(*this);
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  require(JsonType::object);
  const JsonTape& tape = *tape_;
  const auto is_key = [&](std::uint32_t index) { return tape.string(tape.nodes[index]) == key; };
  const JsonNode& node = tape.nodes[index_];
  if (node.container.size < json_lookup_from || node.container.end == 0 ||
      node.form == JsonNode::Form::streamed) {
    const std::uint32_t end = tape.after(index_);
    for (std::uint32_t i = index_ + 1; i < end; i = tape.after(i + 1))
      if (is_key(i)) return JsonValue(tape, i + 1);
    return std::nullopt;
  }
  const auto lookup =
      std::lower_bound(tape.lookups.begin(), tape.lookups.end(), index_,
                       [](const JsonTape::Lookup& l, std::uint32_t object) { return l.object < object; });
  const std::uint64_t hash = json_hash(key);
  const auto end = tape.hashes.begin() + static_cast<std::ptrdiff_t>(lookup->end);
  for (auto i = std::lower_bound(tape.hashes.begin() + static_cast<std::ptrdiff_t>(lookup->begin), end,
                                 hash << 32);
       i != end && *i >> 32 == hash; ++i) {
    const auto index = static_cast<std::uint32_t>(*i);
    if (is_key(index)) return JsonValue(tape, index + 1);
  }
  return std::nullopt;
}

JsonValue JsonValue::at(std::string_view key) const {
  if (const auto member = find(key)) return *member;
  fail("key " + in_quotes(key) + " expected, none found");
}

JsonValue JsonValue::at(std::size_t item) const {
  require(JsonType::array);
  if (item >= size())
    fail("more than " + std::to_string(item) + " items expected, " + std::to_string(size()) + " found");
  std::uint32_t index = index_ + 1;
  for (; item > 0; --item) index = tape_->after(index);
  return {*tape_, index};
}

std::size_t JsonValue::offset() const { return tape_->nodes[index_].offset; }

std::string JsonValue::path() const {
  std::string path;
  for (std::uint32_t container = 0; container != index_;) {
    const JsonNode& node = tape_->nodes[container];
    const bool object = node.type == JsonType::object;
    std::uint32_t child = container + 1;
    // Of a streamed container only the last item is there.
    for (std::size_t item = node.form == JsonNode::Form::streamed ? node.container.size - 1 : 0;; ++item) {
      const std::uint32_t value = object ? child + 1 : child;
      if (index_ < tape_->after(value)) {
        if (object)
          path.append(path.empty() ? "" : ".").append(printable(tape_->string(tape_->nodes[child])));
        else
          path.append("[").append(std::to_string(item)).append("]");
        container = value;
        break;
      }
      child = tape_->after(value);
    }
  }
  return path;
}

void JsonValue::fail(std::string_view problem) const {
  const std::string path = this->path();
  throw LoadError(tape_->name, path.empty() ? std::string(problem) : path + ": " + std::string(problem));
}

}  // namespace kelvin
