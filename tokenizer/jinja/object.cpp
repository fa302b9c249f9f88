#include "tokenizer/jinja/object.h"

#include <algorithm>

#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

std::optional<Value> Arguments::take(std::string_view name) {
  const auto found = std::find_if(named.begin(), named.end(), [&](const auto& a) { return a.first == name; });
  if (found == named.end()) return std::nullopt;
  const Value value = found->second;
  named.erase(found);
  return value;
}

Value Object::call(Interpreter&, Arguments) {
  throw Failure("a " + std::string(type()) + " cannot be called");
}

void Object::append_text(TextBuilder& out, int) const { out.append("<" + std::string(type()) + ">"); }

std::optional<Value> Namespace::attribute(std::string_view name) const {
  const auto found = attributes_.find(name);
  return found == attributes_.end() ? std::nullopt : std::optional<Value>(found->second);
}

void Namespace::append_text(TextBuilder& out, int depth) const {
  out.append("<Namespace {");
  bool first = true;
  for (const auto& [name, value] : attributes_) {
    if (!std::exchange(first, false)) out.append(", ");
    append_repr(out, name, depth);
    out.append(": ");
    append_repr(out, value, depth);
  }
  out.append("}>");
}

void Namespace::set(const std::string& name, Value value) {
  if (name.starts_with('_'))
    throw Failure("a namespace cannot hold '" + name + "': names must not begin with _");
  const auto [place, added] = attributes_.try_emplace(name);
  if (added) charge_.grow(128 + name.size());
  place->second = std::move(value);
}

}  // namespace kelvin::jinja
