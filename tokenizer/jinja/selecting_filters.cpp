// Filters that look at attributes, apply other filters or tests, or sort.
#include <algorithm>
#include <set>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

bool is_number_text(std::string_view text) {
  return !text.empty() && text.size() < 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Value case_folded(const Value& value, bool case_sensitive) {
  return value.is_string() && !case_sensitive ? Value(lower(value.as_string())) : value;
}

// Stable, like Python's sorted(), also in reverse. `keys` belong to `items`.
std::vector<Value> sorted_by(const std::vector<Value>& keys, const std::vector<Value>& items, bool reverse) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return reverse ? less(keys[b], keys[a]) : less(keys[a], keys[b]);
  });
  std::vector<Value> sorted;
  for (const std::size_t i : order) sorted.push_back(items[i]);
  return sorted;
}

Value extreme(Call& call, bool largest) {
  const bool case_sensitive = call.truth_or(0, false);
  const Value attribute = call.value_or(1, {});
  Value best = Value::undefined("the sequence is empty"), best_key;
  bool first = true;
  for (Value& item : iterate(call.self)) {
    Value key = case_folded(attribute_path(item, attribute), case_sensitive);
    if (!std::exchange(first, false) && !(largest ? less(best_key, key) : less(key, best_key))) continue;
    best = std::move(item);
    best_key = std::move(key);
  }
  return best;
}

// The arguments are [attribute,] [name of a test, its arguments...].
Value selected(Call& call, bool by_attribute, bool keep) {
  if (!call.self.truth()) return generator({});
  std::vector<Value> arguments = call.arguments.positional;
  const auto take_first = [&] {
    Value value = std::move(arguments.front());
    arguments.erase(arguments.begin());
    return value;
  };
  if (by_attribute && arguments.empty()) call.fail("the name of the attribute is missing");
  const Value attribute = by_attribute ? take_first() : Value();
  const bool has_test = !arguments.empty();
  const Value test = has_test ? take_first() : Value();
  if (has_test && !test.is_string()) call.fail("the name of a test must be a string");
  std::vector<Value> kept;
  for (Value& item : iterate(call.self)) {
    spend();
    Value tested = by_attribute ? attribute_path(item, attribute) : item;
    const bool passes = has_test ? call.interpreter.apply_test(test.as_string(), std::move(tested),
                                                               {arguments, call.arguments.named})
                                 : tested.truth();
    if (passes == keep) kept.push_back(std::move(item));
  }
  return generator(std::move(kept));
}

}  // namespace

Value attribute_path(const Value& item, const Value& attribute, const Value& fallback) {
  if (attribute.is_none()) return item;
  if (!attribute.is_string()) {
    Value found = get_item(item, attribute);
    return found.is_undefined() && !fallback.is_none() ? fallback : found;
  }
  Value value = item;
  std::string_view path = attribute.as_string();
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string_view part = path.substr(0, dot);
    value = get_item(value,
                     is_number_text(part) ? Value(std::int64_t{std::stoll(std::string(part))}) : Value(part));
    if (value.is_undefined() && !fallback.is_none()) value = fallback;
    if (dot == std::string_view::npos) return value;
    path.remove_prefix(dot + 1);
  }
}

Value filter_attr(Call& call) {
  const std::string& name = call.string(0);
  if (call.self.is_dict() && !find_method(call.self, name))
    return Value::undefined("a dict has no attribute '" + name.substr(0, 80) + "'");
  return get_attribute(call.self, name);
}

Value filter_dictsort(Call& call) {
  const bool case_sensitive = call.truth_or(0, false);
  const std::string by = call.has(1) ? call.string(1) : "key";
  if (by != "key" && by != "value") call.fail("by must be 'key' or 'value'");
  if (call.self.is_undefined()) throw Failure(call.self.undefined_reason());
  if (!call.self.is_dict()) call.fail("a " + type_name(call.self) + " is not a dict");
  std::vector<Value> keys, pairs;
  for (const auto& [key, value] : call.self.as_dict().entries()) {
    keys.push_back(case_folded(by == "key" ? key : value, case_sensitive));
    pairs.push_back(Value::tuple({key, value}));
  }
  return Value::list(sorted_by(keys, pairs, call.truth_or(2, false)));
}

Value filter_groupby(Call& call) {
  const Value fallback = call.value_or(1, {});
  const bool case_sensitive = call.truth_or(2, false);
  std::vector<Value> keys, pairs, groups;
  for (const Value& item : iterate(call.self)) {
    keys.push_back(case_folded(attribute_path(item, call[0], fallback), case_sensitive));
    pairs.push_back(Value::tuple({keys.back(), item}));
  }
  pairs = sorted_by(keys, pairs, false);
  for (std::size_t i = 0; i < pairs.size();) {
    const Value key = pairs[i].as_sequence().items[0];
    std::vector<Value> members;
    for (; i < pairs.size() && equal(pairs[i].as_sequence().items[0], key); ++i)
      members.push_back(pairs[i].as_sequence().items[1]);
    Value shown = attribute_path(members.front(), call[0], fallback);
    groups.push_back(
        Value::sequence({std::move(shown), Value::list(std::move(members))}, SequenceKind::group));
  }
  return Value::list(std::move(groups));
}

Value filter_map(Call& call) {
  if (!call.self.truth()) return generator({});
  Arguments arguments = call.arguments;
  std::vector<Value> mapped;
  if (arguments.positional.empty()) {
    const std::optional<Value> attribute = arguments.take("attribute");
    if (!attribute) call.fail("the name of a filter or an attribute is missing");
    const Value fallback = arguments.take("default").value_or(Value());
    if (!arguments.named.empty()) call.fail("no parameter is called '" + arguments.named[0].first + "'");
    for (const Value& item : iterate(call.self)) mapped.push_back(attribute_path(item, *attribute, fallback));
    return generator(std::move(mapped));
  }
  const Value filter = arguments.positional.front();
  if (!filter.is_string()) call.fail("the name of a filter must be a string");
  arguments.positional.erase(arguments.positional.begin());
  for (Value& item : iterate(call.self)) {
    spend_scan(8 * arguments.positional.size());
    mapped.push_back(call.interpreter.apply_filter(filter.as_string(), std::move(item), arguments));
  }
  return generator(std::move(mapped));
}

Value filter_max(Call& call) { return extreme(call, true); }
Value filter_min(Call& call) { return extreme(call, false); }
Value filter_reject(Call& call) { return selected(call, false, false); }
Value filter_rejectattr(Call& call) { return selected(call, true, false); }
Value filter_select(Call& call) { return selected(call, false, true); }
Value filter_selectattr(Call& call) { return selected(call, true, true); }

Value filter_sort(Call& call) {
  const bool case_sensitive = call.truth_or(1, false);
  std::vector<Value> paths;
  if (call.has(2) && call[2].is_string())
    for (const std::string& path : split(call[2].as_string(), ",")) paths.emplace_back(path);
  else
    paths.push_back(call.value_or(2, {}));
  const std::vector<Value> items = iterate(call.self);
  std::vector<Value> keys;
  for (const Value& item : items) {
    std::vector<Value> key;
    for (const Value& path : paths) key.push_back(case_folded(attribute_path(item, path), case_sensitive));
    keys.push_back(Value::list(std::move(key)));
  }
  return Value::list(sorted_by(keys, items, call.truth_or(0, false)));
}

Value filter_unique(Call& call) {
  const bool case_sensitive = call.truth_or(0, false);
  const auto before = [](const Value& a, const Value& b) { return order_keys(a, b) < 0; };
  std::set<Value, decltype(before)> seen(before);
  std::vector<Value> unique;
  for (Value& item : iterate(call.self)) {
    Value key = case_folded(attribute_path(item, call.value_or(1, {})), case_sensitive);
    if (!is_hashable(key)) call.fail("a " + type_name(key) + " cannot be compared this way");
    if (seen.insert(std::move(key)).second) unique.push_back(std::move(item));
  }
  return generator(std::move(unique));
}

}  // namespace kelvin::jinja
