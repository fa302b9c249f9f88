// Methods of dicts, lists and tuples, and which value has which.
#include <algorithm>
#include <cmath>
#include <span>

#include "tokenizer/jinja/builtin.h"
#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/string_methods.h"

namespace kelvin::jinja {

namespace {

Value view(const Call& call, SequenceKind kind) {
  std::vector<Value> items;
  for (const auto& [key, value] : call.self.as_dict().entries())
    items.push_back(kind == SequenceKind::keys     ? key
                    : kind == SequenceKind::values ? value
                                                   : Value::tuple({key, value}));
  return Value::sequence(std::move(items), kind);
}

Value keys(Call& call) { return view(call, SequenceKind::keys); }
Value values(Call& call) { return view(call, SequenceKind::values); }
Value items(Call& call) { return view(call, SequenceKind::items); }

Value get(Call& call) {
  if (!is_hashable(call[0])) call.fail("a " + type_name(call[0]) + " cannot be a key");
  const Value* found = call.self.as_dict().find(call[0]);
  return found ? *found : call.value_or(1, {});
}

// Values never change, so a copy is the value itself.
Value copy(Call& call) { return call.self; }

Value count(Call& call) {
  const std::vector<Value>& all = call.self.as_sequence().items;
  return static_cast<std::int64_t>(
      std::count_if(all.begin(), all.end(), [&](const Value& item) { return equal(item, call[0]); }));
}

Value index(Call& call) {
  const std::vector<Value>& all = call.self.as_sequence().items;
  const auto size = static_cast<std::int64_t>(all.size());
  const auto position = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t end = position(call.integer_or(2, size));
  for (std::int64_t at = position(call.integer_or(1, 0)); at < end; ++at)
    if (equal(all[static_cast<std::size_t>(at)], call[0])) return at;
  call.fail("the value is not in the list");
}

Value bit_length(Call& call) { return static_cast<std::int64_t>(call.self.as_big().bits()); }
Value is_integer(Call& call) {
  return !call.self.is_real() ||
         (std::isfinite(call.self.as_number()) && std::floor(call.self.as_number()) == call.self.as_number());
}
Value conjugate(Call& call) { return plus(call.self); }

constexpr Builtin dict_methods[] = {
    {"copy", {}, 0, copy, false},     {"get", {"key", "default"}, 1, get, false},
    {"items", {}, 0, items, false},   {"keys", {}, 0, keys, false},
    {"values", {}, 0, values, false}, {"fromkeys", {"iterable", "value"}, 1, global_dict_fromkeys, false},
};

constexpr Builtin sequence_methods[] = {
    {"count", {"value"}, 1, count, false},
    {"index", {"value", "start", "stop"}, 1, index, false},
    {"copy", {}, 0, copy, false},  // of lists only: the last row
};

constexpr Builtin markup_methods[] = {
    {"striptags", {}, 0, filter_striptags, false},
    {"unescape", {}, 0, unescape, false},
};

constexpr Builtin number_methods[] = {
    {"conjugate", {}, 0, conjugate, false},
    {"bit_length", {}, 0, bit_length, false},  // of integers
    {"is_integer", {}, 0, is_integer, false},
};

const Builtin* row(std::span<const Builtin> rows, std::string_view name) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Builtin& one) { return one.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Value> number_attribute(const Value& value, std::string_view name) {
  if (!value.is_number()) return std::nullopt;
  const Value plain = value.is_bool() ? Value(value.as_integer()) : value;
  if (name == "real") return plain;
  if (name == "imag") return value.is_real() ? Value(0.0) : Value(0);
  if (name == "numerator" && value.is_integral()) return plain;
  if (name == "denominator" && value.is_integral()) return 1;
  return std::nullopt;
}

const Builtin* find_method(const Value& value, std::string_view name) {
  if (value.is_string() && value.as_text().markup)
    if (const Builtin* own = row(markup_methods, name)) return own;
  if (value.is_string()) return find_string_method(name);
  if (value.is_dict()) return row(dict_methods, name);
  if (value.is_number() && (!value.is_real() || name != "bit_length")) return row(number_methods, name);
  if (!value.is_sequence() || value.as_sequence().kind >= SequenceKind::generator) return nullptr;
  const std::span<const Builtin> rows = sequence_methods;
  return row(value.is_sequence(SequenceKind::list) ? rows : rows.first(rows.size() - 1), name);
}

}  // namespace kelvin::jinja
