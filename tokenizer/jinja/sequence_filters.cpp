// Filters that take lists apart and put them together.
#include <algorithm>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

Value generator(std::vector<Value> items) {
  return Value::sequence(std::move(items), SequenceKind::generator);
}

Value filter_default(Call& call) {
  const bool replace = call.self.is_undefined() || (call.truth_or(1, false) && !call.self.truth());
  return replace ? call.value_or(0, "") : call.self;
}

Value filter_first(Call& call) {
  if (call.self.is_sequence(SequenceKind::generator)) {
    const Sequence& sequence = call.self.as_sequence();
    if (sequence.taken < sequence.items.size()) return sequence.items[sequence.taken++];
  } else if (call.self.is_sequence()) {
    if (!call.self.as_sequence().items.empty()) return call.self.as_sequence().items.front();
  } else if (const std::vector<Value> items = iterate(call.self); !items.empty()) {
    return items.front();
  }
  return Value::undefined("the sequence is empty and has no first item");
}

Value filter_last(Call& call) {
  if (call.self.is_sequence(SequenceKind::generator)) call.fail("a generator can only be read forwards");
  if (call.self.is_sequence()) {
    if (!call.self.as_sequence().items.empty()) return call.self.as_sequence().items.back();
  } else if (const std::vector<Value> items = iterate(call.self); !items.empty()) {
    return items.back();
  }
  return Value::undefined("the sequence is empty and has no last item");
}

Value filter_items(Call& call) {
  if (call.self.is_undefined()) return generator({});
  if (!call.self.is_dict()) call.fail("a " + type_name(call.self) + " has no items");
  std::vector<Value> pairs;
  for (const auto& [key, value] : call.self.as_dict().entries()) pairs.push_back(Value::tuple({key, value}));
  return generator(std::move(pairs));
}

Value filter_join(Call& call) {
  const std::string separator = call.has(0) ? to_text(call[0]) : "";
  TextBuilder text;
  bool first = true;
  for (const Value& item : iterate(call.self)) {
    if (!std::exchange(first, false)) text.append(separator);
    text.append(to_text(call.has_some(1) ? attribute_path(item, call[1]) : item));
  }
  return text.take();
}

Value filter_length(Call& call) {
  const Value& value = call.self;
  if (value.is_undefined()) return 0;
  if (value.is_string()) return static_cast<std::int64_t>(value.as_text().length);
  if (value.is_dict()) return static_cast<std::int64_t>(value.as_dict().entries().size());
  if (value.is_sequence() && !value.is_sequence(SequenceKind::generator))
    return static_cast<std::int64_t>(value.as_sequence().items.size());
  call.fail("a " + type_name(value) + " has no length");
}

Value filter_list(Call& call) { return Value::list(iterate(call.self)); }

Value filter_reverse(Call& call) {
  if (call.self.is_string()) return get_slice(call.self, {}, {}, -1);
  const bool read_once = call.self.is_sequence(SequenceKind::generator);
  std::vector<Value> items = iterate(call.self);
  std::reverse(items.begin(), items.end());
  return read_once ? Value::list(std::move(items)) : generator(std::move(items));
}

}  // namespace kelvin::jinja
