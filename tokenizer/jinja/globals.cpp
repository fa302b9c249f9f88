// Global functions.
#include <algorithm>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/interpreter.h"

namespace kelvin::jinja {

namespace {

constexpr std::uint64_t max_range = 100'000;  // as in the sandbox of the reference

// What dict() and namespace() take: a dict or pairs, then named values.
std::vector<Entry> entries_of(Call& call) {
  std::vector<Entry> entries;
  if (call.arguments.positional.size() > 1) call.fail("too many arguments");
  if (!call.arguments.positional.empty()) {
    const Value& source = call.arguments.positional[0];
    if (source.is_dict()) {
      entries = source.as_dict().entries();
    } else {
      if (source.is_undefined()) throw Failure(source.undefined_reason());
      for (const Value& item : iterate(source)) {
        std::vector<Value> pair = iterate(item);
        if (pair.size() != 2) call.fail("pairs of key and value expected");
        entries.emplace_back(std::move(pair[0]), std::move(pair[1]));
      }
    }
  }
  for (auto& [name, value] : call.arguments.named) entries.emplace_back(name, std::move(value));
  return entries;
}

// cycler('odd', 'even'): next() goes round.
class Cycler : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {
    for (const Value& item : items_) depth_ = std::max(depth_, item.depth() + 1);
  }
  std::string_view type() const override { return "cycler"; }
  bool is_callable() const override { return false; }
  int depth() const override { return depth_; }
  std::optional<Value> attribute(std::string_view name) const override;
  Value next() {
    const Value item = items_[at_];
    at_ = (at_ + 1) % items_.size();
    return item;
  }
  void reset() { at_ = 0; }

 private:
  std::vector<Value> items_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Value cycler_next(Call& call) { return static_cast<Cycler&>(*call.self.as_object()).next(); }

Value cycler_reset(Call& call) {
  static_cast<Cycler&>(*call.self.as_object()).reset();
  return {};
}

constexpr Builtin next_method = {"next", {}, 0, cycler_next};
constexpr Builtin reset_method = {"reset", {}, 0, cycler_reset};

std::optional<Value> Cycler::attribute(std::string_view name) const {
  if (name == "current") return items_[at_];
  if (name != "next" && name != "reset") return std::nullopt;
  Value self(std::const_pointer_cast<Object>(shared_from_this()));
  return Value(std::make_shared<Function>(name == "next" ? next_method : reset_method, std::move(self)));
}

// joiner(', '): nothing at first, then the separator.
class Joiner : public Object {
 public:
  explicit Joiner(std::string separator) : separator_(std::move(separator)) {}
  std::string_view type() const override { return "joiner"; }
  Value call(Interpreter&, Arguments) override {
    return std::exchange(used_, true) ? Value(separator_) : Value("");
  }

 private:
  std::string separator_;
  bool used_ = false;
};

}  // namespace

Value global_cycler(Call& call) {
  if (call.arguments.positional.empty()) call.fail("no items to cycle through");
  return Value(std::make_shared<Cycler>(std::move(call.arguments.positional)));
}

Value global_dict(Call& call) { return Value::dict(entries_of(call)); }

Value global_dict_fromkeys(Call& call) {
  std::vector<Entry> entries;
  for (Value& key : iterate(call[0])) entries.emplace_back(std::move(key), call.value_or(1, {}));
  return Value::dict(std::move(entries));
}

Value global_joiner(Call& call) {
  return Value(std::make_shared<Joiner>(call.has(0) ? call.string(0) : ", "));
}

Value global_namespace(Call& call) {
  const std::shared_ptr<Namespace> space = call.interpreter.make_namespace();
  for (auto& [key, value] : entries_of(call)) {
    if (!key.is_string()) call.fail("names must be strings");
    space->set(key.as_string(), std::move(value));
  }
  return Value(space);
}

Value global_raise_exception(Call& call) { throw Failure(to_text(call[0]), true); }

Value global_range(Call& call) {
  const bool only_stop = !call.has(1);
  const std::int64_t start = only_stop ? 0 : call.integer(0);
  const std::int64_t stop = only_stop ? call.integer(0) : call.integer(1);
  const std::int64_t step = call.integer_or(2, 1);
  if (step == 0) call.fail("the step cannot be zero");
  // Unsigned, so that no distance overflows.
  const std::uint64_t distance =
      step > 0 ? (stop > start ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start) : 0)
               : (start > stop ? static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop) : 0);
  const std::uint64_t stride =
      step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const std::uint64_t count = distance / stride + (distance % stride != 0 ? 1 : 0);
  if (count > max_range) call.fail("more than " + std::to_string(max_range) + " items");
  std::vector<Value> items;
  items.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i)
    items.emplace_back(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(start) + i * static_cast<std::uint64_t>(step)));
  std::string label = "range(" + std::to_string(start) + ", " + std::to_string(stop);
  if (step != 1) label += ", " + std::to_string(step);
  return Value::sequence(std::move(items), SequenceKind::range, label + ")");
}

Value global_strftime_now(Call& call) { return format_time(call.string(0), call.interpreter.clock()); }

}  // namespace kelvin::jinja
