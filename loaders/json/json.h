// JSON as RFC 8259 has it, and NaN, Infinity and -Infinity, which Python writes and reads; nothing more: no comments,
// trailing commas, byte order mark, duplicate keys, lone surrogates or invalid UTF-8. A document is one flat array of 16-byte nodes; strings without escapes
// are views into the text.
//
//   JsonDocument config = parse_json(text, "config.json");
//   double theta = config.root().at("rope_scaling").at("factor").as_double();
//
// Accessors throw LoadError with the document's name and the path of the value, e.g.
// `config.json: rope_scaling.factor: number expected, string found`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

class JsonTape;
class JsonValue;
struct JsonMember;
template <typename Element>
class JsonRange;
using JsonItems = JsonRange<JsonValue>;
using JsonMembers = JsonRange<JsonMember>;

// A handle to one value; valid as long as any copy of its document lives.
class JsonValue {
 public:
  JsonValue(const JsonTape& tape, std::uint32_t index) : tape_(&tape), index_(index) {}

  JsonType type() const;
  bool is_null() const { return type() == JsonType::null; }
  bool is_bool() const { return type() == JsonType::boolean; }
  bool is_number() const { return type() == JsonType::number; }
  bool is_string() const { return type() == JsonType::string; }
  bool is_array() const { return type() == JsonType::array; }
  bool is_object() const { return type() == JsonType::object; }
  // Written without fraction and exponent, and within int64 or uint64. Other numbers are doubles, correctly
  // rounded.
  bool is_integer() const;

  bool as_bool() const;
  std::int64_t as_int() const;    // exact integers only: 2.0 is refused
  std::uint64_t as_uint() const;  // exact integers >= 0 only
  double as_double() const;       // any number
  // How an integer of more than 64 bits is written; empty for every other number.
  std::string_view long_integer() const;
  std::string_view as_string() const;

  std::size_t size() const;  // items of an array, members of an object
  JsonItems items() const;
  JsonMembers members() const;  // in the order of the text

  // The member, if the object has it. Logarithmic in the number of members.
  std::optional<JsonValue> find(std::string_view key) const;
  JsonValue at(std::string_view key) const;  // throws if absent
  JsonValue at(std::size_t item) const;      // of an array, linear in `item`; throws if absent

  std::size_t offset() const;  // where it begins in the text, bytes
  std::string path() const;  // from the root, e.g. `rope_scaling.factor` or `merges[12]`; empty for the root
  // Throws LoadError "document: path: problem".
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  template <typename Element>
  friend class JsonRange;
  void require(JsonType type) const;

  const JsonTape* tape_;
  std::uint32_t index_;  // of the node
};

struct JsonMember {
  std::string_view key;
  JsonValue value;
};

class JsonDocument {
 public:
  explicit JsonDocument(std::shared_ptr<const JsonTape> tape) : tape_(std::move(tape)) {}
  JsonValue root() const { return JsonValue(*tape_, 0); }
  const std::string& name() const;
  std::string_view text() const;  // that was parsed

 private:
  std::shared_ptr<const JsonTape> tape_;
};

// A large array or object may be read while the text is parsed: its items are handed over one by one and not
// kept, so that afterwards it has none.
struct JsonStream {
  std::vector<std::string> path;  // the keys that lead to it
  // Whether to, asked where it begins. What stands before it in the text can be read by way of `root`.
  std::function<bool(JsonValue root, JsonValue container)> begins;
  // The key of an array's item is empty. Neither may be kept. Duplicate keys are the caller's to find.
  std::function<void(std::string_view key, JsonValue item)> item;
};

// Deepest nesting of arrays and objects that is read.
inline constexpr int json_depth_limit = 128;

// Parses and keeps `text`. `name` (a path) begins every error. Throws LoadError with line:column (from 1, in
// characters).
JsonDocument parse_json(std::string text, std::string name = "JSON");

// Parses `text` in place, which must outlive the document unless `owner` keeps it alive.
JsonDocument parse_json(std::span<const std::byte> text, std::string name,
                        std::shared_ptr<const void> owner = nullptr,
                        std::span<const JsonStream> streams = {});

// How an error names a type: "a number", "an object", ...
std::string_view json_type_name(JsonType type);

}  // namespace kelvin

#include "loaders/json/json_tape.h"
