// Filters that take lists apart and put them together.
#include <algorithm>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

Value generator(std::vector<Value> items) {
  return Value::sequence(std::move(items), SequenceKind::generator);
}

Value filter_batch(Call& call) {
  const std::int64_t size = std::max<std::int64_t>(call.integer(0), 0);
  std::vector<Value> batches, batch;
  for (Value& item : iterate(call.self)) {
    if (static_cast<std::int64_t>(batch.size()) == size)
      batches.push_back(Value::list(std::exchange(batch, {})));
    batch.push_back(std::move(item));
  }
  if (!batch.empty()) {
    if (const auto room = size - static_cast<std::int64_t>(batch.size()); call.has_some(1) && room > 0) {
      afford(static_cast<std::size_t>(room), sizeof(Value));
      batch.insert(batch.end(), static_cast<std::size_t>(room), call[1]);
    }
    batches.push_back(Value::list(std::move(batch)));
  }
  return generator(std::move(batches));
}

Value filter_slice(Call& call) {
  const std::vector<Value> items = iterate(call.self);
  const std::int64_t slices = call.integer(0);
  if (slices == 0) call.fail("cannot cut into 0 slices");
  std::vector<Value> columns;
  if (slices < 0) return generator({});
  const auto size = static_cast<std::int64_t>(items.size());
  auto at = items.begin();
  for (std::int64_t i = 0; i < slices; ++i) {
    spend();
    const bool longer = i < size % slices;
    const auto end = at + (size / slices + (longer ? 1 : 0));
    std::vector<Value> column(at, end);
    if (call.has_some(1) && !longer) column.push_back(call[1]);
    at = end;
    columns.push_back(Value::list(std::move(column)));
  }
  return generator(std::move(columns));
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
    return is_markup(call.self) ? Value(items.back().as_string(), true) : items.back();
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
  std::vector<Value> items = iterate(call.self);
  if (call.has_some(1))
    for (Value& item : items) item = attribute_path(item, call[1]);
  // Where output is escaped, one piece of markup makes markup of all.
  const Value between = call.value_or(0, "");
  const bool markup = call.interpreter.escapes() &&
                      (is_markup(between) || std::any_of(items.begin(), items.end(), is_markup));
  const auto piece = [&](const Value& value) { return markup ? escaped(value) : to_text(value); };
  const std::string separator = piece(between);
  TextBuilder text;
  bool first = true;
  for (const Value& item : items) {
    if (!std::exchange(first, false)) text.append(separator);
    text.append(piece(item));
  }
  return {text.take(), markup};
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

Value filter_sum(Call& call) {
  Value total = call.value_or(1, 0);
  if (total.is_string()) call.fail("strings are put together by join, not by sum");
  for (const Value& item : iterate(call.self))
    total = binary_operation("+", total, call.has_some(0) ? attribute_path(item, call[0]) : item);
  return total;
}

}  // namespace kelvin::jinja
