// Methods of dicts, and which value has which.
#include <algorithm>

#include "tokenizer/jinja/builtin.h"
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

constexpr Builtin dict_methods[] = {
    {"get", {"key", "default"}, 1, get},
    {"items", {}, 0, items},
    {"keys", {}, 0, keys},
    {"values", {}, 0, values},
};

}  // namespace

const Builtin* find_method(const Value& value, std::string_view name) {
  if (value.is_string()) return find_string_method(name);
  if (!value.is_dict()) return nullptr;
  const auto* found = std::find_if(std::begin(dict_methods), std::end(dict_methods),
                                   [&](const Builtin& row) { return row.name == name; });
  return found == std::end(dict_methods) ? nullptr : found;
}

bool is_refused_method(const Value& value, std::string_view name) {
  if (value.is_string()) return is_refused_string_method(name);
  if (name == "copy") return value.is_dict() || value.is_sequence(SequenceKind::list);
  return value.is_sequence() && value.as_sequence().kind < SequenceKind::generator &&
         (name == "count" || name == "index");
}

}  // namespace kelvin::jinja
