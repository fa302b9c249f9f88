// Attributes and items, as the immutable sandbox of the reference gives them out.
#include <algorithm>

#include "tokenizer/jinja/builtin.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

Value missing(const Value& object, std::string_view what, const std::string& name) {
  const std::string owner = object.is_none() ? "None" : type_name(object) + " object";
  return Value::undefined(owner + " has no " + std::string(what) + " " + name.substr(0, 80));
}

// Methods that would change a list or dict: the sandbox has them, but gives out something undefined instead.
bool changes(const Value& object, std::string_view name) {
  static constexpr std::string_view of_dicts[] = {"clear", "pop", "popitem", "setdefault", "update"};
  static constexpr std::string_view of_lists[] = {"append", "clear", "pop",    "reverse",
                                                  "insert", "sort",  "extend", "remove"};
  const auto any = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  return object.is_dict() ? any(of_dicts) : object.is_sequence(SequenceKind::list) && any(of_lists);
}

// Methods and what objects have; nothing of keys.
std::optional<Value> own_attribute(const Value& object, std::string_view name) {
  if (object.is_object()) return object.as_object()->attribute(name);
  if (changes(object, name))
    return Value::undefined("the method " + std::string(name) + " of a " + type_name(object) +
                            " is not allowed: it would change the value");
  if (const Builtin* method = find_method(object, name))
    return Value(std::make_shared<Function>(*method, object));
  if (std::optional<Value> part = number_attribute(object, name)) return part;
  if (object.is_sequence(SequenceKind::group) && (name == "grouper" || name == "list"))
    return object.as_sequence().items[name == "list" ? 1 : 0];
  return std::nullopt;
}

std::optional<Value> element(const Value& object, const Value& key) {
  if (object.is_dict()) {
    const Value* found = object.as_dict().find(key);
    return found ? std::optional<Value>(*found) : std::nullopt;
  }
  if (!key.is_integral() || key.is_big()) return std::nullopt;
  std::int64_t at = key.as_integer();
  if (object.is_string()) {
    const Text& text = object.as_text();
    const auto length = static_cast<std::int64_t>(text.length);
    if (at < 0) at += length;
    if (at < 0 || at >= length) return std::nullopt;
    return get_slice(object, at, at + 1, {});
  }
  if (!object.is_sequence() || object.as_sequence().kind >= SequenceKind::generator) return std::nullopt;
  const std::vector<Value>& items = object.as_sequence().items;
  if (at < 0) at += static_cast<std::int64_t>(items.size());
  if (at < 0 || at >= static_cast<std::int64_t>(items.size())) return std::nullopt;
  return items[static_cast<std::size_t>(at)];
}

}  // namespace

Value get_attribute(const Value& object, std::string_view name) {
  if (object.is_undefined()) throw Failure(object.undefined_reason());
  if (std::optional<Value> own = own_attribute(object, name)) return *std::move(own);
  if (object.is_dict())
    if (const Value* found = object.as_dict().find_string(name)) return *found;
  return missing(object, "attribute", "'" + std::string(name) + "'");
}

std::optional<Value> find_item(const Value& object, const Value& key) {
  check_defined(object);
  if (!object.is_dict() && !object.is_string() &&
      !(object.is_sequence() && object.as_sequence().kind < SequenceKind::generator))
    throw Failure("a " + type_name(object) + " has no items");
  return element(object, key);
}

Value get_item(const Value& object, const Value& key) {
  if (object.is_undefined()) throw Failure(object.undefined_reason());
  if (std::optional<Value> found = element(object, key)) return *std::move(found);
  if (key.is_string())
    if (std::optional<Value> own = own_attribute(object, key.as_string())) return *std::move(own);
  const bool short_key =
      !key.is_sequence() && !key.is_dict() && !(key.is_string() && key.as_string().size() > 200);
  return missing(object, "element", short_key ? repr(key) : "of that " + type_name(key));
}

}  // namespace kelvin::jinja
