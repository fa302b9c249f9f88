// The values of the template language: Python's None, bool, int, float, str, list, tuple and dict, jinja2's
// undefined, and objects of the interpreter (namespaces, macros, loops, functions).
//
// Everything but objects is immutable, as in the sandbox of the reference, so a copy is a reference and
// cycles cannot arise. Integers beyond 64 bits are kept apart (big_integer.h). Strings are UTF-8 whose length
// and positions count characters (code points); bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tokenizer/jinja/big_integer.h"
#include "tokenizer/jinja/budget.h"
#include "tokenizer/jinja/error.h"

namespace kelvin::jinja {

class Value;
class Object;
using Entry = std::pair<Value, Value>;

struct Text {
  std::string bytes;
  std::size_t length;  // characters
  bool markup;         // made by `safe` or `escape`: what is added to it gets escaped
  Charge charge;
};

// What Python would call the sequence; they differ in their text, in what may be added to what and in whether
// they can be read once (generator) or subscripted.
enum class SequenceKind : std::uint8_t { list, tuple, group, range, generator, keys, values, items };

struct Sequence;
class Dict;

class Value {
 public:
  enum class Kind : std::uint8_t {
    undefined,
    none,
    boolean,
    integer,
    real,
    string,
    sequence,
    dict,
    object,
    big
  };

  Value() : data_(None{}) {}
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(std::string bytes, bool markup = false);
  Value(std::string_view bytes) : Value(std::string(bytes)) {}
  Value(const char* bytes) : Value(std::string(bytes)) {}
  explicit Value(std::shared_ptr<Object> object) : data_(std::move(object)) {}

  static Value list(std::vector<Value> items) { return sequence(std::move(items), SequenceKind::list); }
  static Value tuple(std::vector<Value> items) { return sequence(std::move(items), SequenceKind::tuple); }
  static Value sequence(std::vector<Value> items, SequenceKind kind, std::string label = {});
  static Value integer(const BigInteger& value);
  // A later entry with an equal key replaces the value of an earlier one. Throws Failure for keys Python
  // cannot hash.
  static Value dict(std::vector<Entry> entries);
  // Prints as "" and is false; most other uses fail with `reason`.
  static Value undefined(std::string reason);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_undefined() const { return kind() == Kind::undefined; }
  bool is_none() const { return kind() == Kind::none; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_integer() const { return kind() == Kind::integer || is_big(); }
  bool is_big() const { return kind() == Kind::big; }  // an integer of more than 64 bits
  bool is_real() const { return kind() == Kind::real; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_sequence() const { return kind() == Kind::sequence; }
  bool is_sequence(SequenceKind kind) const;
  bool is_dict() const { return kind() == Kind::dict; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_number() const { return is_bool() || is_integer() || is_real(); }
  bool is_integral() const { return is_bool() || is_integer(); }

  // The kind must be right.
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_integer() const;  // throws Failure beyond 64 bits
  BigInteger as_big() const;        // of any integer or bool
  double as_number() const;  // an integer is rounded; throws Failure where it is too large for a double
  const Text& as_text() const { return *std::get<std::shared_ptr<const Text>>(data_); }
  const std::string& as_string() const { return as_text().bytes; }
  const Sequence& as_sequence() const { return *std::get<std::shared_ptr<const Sequence>>(data_); }
  const Dict& as_dict() const { return *std::get<std::shared_ptr<const Dict>>(data_); }
  const std::shared_ptr<Object>& as_object() const { return std::get<std::shared_ptr<Object>>(data_); }
  const std::string& undefined_reason() const { return std::get<Undefined>(data_).reason->text; }

  // Nesting of lists and dicts: 0 for scalars.
  int depth() const;
  // Python's bool(value).
  bool truth() const;
  // Python's `is`.
  bool same(const Value& other) const;

 private:
  struct None {};
  struct Reason {
    std::string text;
    Charge charge;
  };
  struct Undefined {
    std::shared_ptr<const Reason> reason;
  };
  std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const Text>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>, std::shared_ptr<Object>,
               std::shared_ptr<const BigInteger>>
      data_;
};

struct Sequence {
  std::vector<Value> items;
  SequenceKind kind;
  int depth;
  std::string label;  // how a range prints
  Charge charge;
  mutable std::size_t taken = 0;  // items already read from a generator
};

// Keeps the order in which keys were first given; finds a key in logarithmic time.
class Dict {
 public:
  explicit Dict(std::vector<Entry> entries);
  const std::vector<Entry>& entries() const { return entries_; }
  const Value* find(const Value& key) const;  // nullptr if absent or not hashable
  const Value* find_string(std::string_view key) const;
  int depth() const { return depth_; }

 private:
  template <class Compare>
  const Value* find_if_equal(Compare order) const;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> sorted_;  // indices of entries_ by key
  int depth_ = 0;
  Charge charge_;
};

// Equality as Python's ==; spends steps by the size of what it compares.
bool equal(const Value& a, const Value& b);
// Python's a < b; throws Failure for kinds without an order.
bool less(const Value& a, const Value& b);
// Name of the type as errors say it: "str", "list", "None", ...
std::string type_name(const Value& value);
bool is_hashable(const Value& value);  // may be a key of a dict
// A total order of hashable values in which equal keys are equal.
std::strong_ordering order_keys(const Value& a, const Value& b);

// What lists, loops and filters iterate over: items, keys of a dict, characters of a string; nothing if
// undefined. Reads a generator to its end. Throws Failure if Python could not iterate over it.
std::vector<Value> iterate(const Value& value);
bool is_iterable(const Value& value);

}  // namespace kelvin::jinja
