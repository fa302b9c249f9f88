#include "tokenizer/jinja/loop.h"

#include <algorithm>

#include "tokenizer/jinja/builtin.h"

namespace kelvin::jinja {

namespace {

Loop& loop_of(const Call& call) { return static_cast<Loop&>(*call.self.as_object()); }

Value cycle(Call& call) {
  const std::vector<Value>& values = call.arguments.positional;
  if (values.empty()) call.fail("no items to cycle through");
  return values[static_cast<std::size_t>(loop_of(call).index0()) % values.size()];
}

Value changed(Call& call) { return loop_of(call).changed(std::move(call.arguments.positional)); }

constexpr Builtin cycle_method = {"cycle", {"*"}, 0, cycle};
constexpr Builtin changed_method = {"changed", {"*"}, 0, changed};

// A method that keeps no reference of its own: loop.changed would hold the loop, and the loop its arguments.
class LoopMethod : public Object {
 public:
  LoopMethod(const Builtin& method, std::weak_ptr<Object> loop) : method_(method), loop_(std::move(loop)) {}
  std::string_view type() const override { return "function"; }
  Value call(Interpreter& interpreter, Arguments arguments) override {
    std::shared_ptr<Object> loop = loop_.lock();
    if (!loop) throw Failure("the loop is over");
    Call call(interpreter, method_, Value(std::move(loop)), std::move(arguments));
    return method_.function(call);
  }

 private:
  const Builtin& method_;
  std::weak_ptr<Object> loop_;
};

}  // namespace

Loop::Loop(std::vector<Value> items, std::function<bool(const Value&)> test,
           std::function<Value(std::vector<Value>)> recurse, int depth)
    : items_(std::move(items)), test_(std::move(test)), recurse_(std::move(recurse)), depth_(depth) {
  charge_.grow(items_.size() * sizeof(Value));
}

bool Loop::prefetch() const {
  while (next_ < items_.size()) {
    Value item = std::move(items_[next_++]);
    if (test_ && !test_(item)) continue;
    ready_.push_back(std::move(item));
    return true;
  }
  return false;
}

bool Loop::advance() {
  if (ready_.empty() && !prefetch()) return false;
  previous_ = std::move(current_);
  current_ = std::move(ready_.front());
  ready_.pop_front();
  ++index0_;
  return true;
}

void Loop::finish() {
  items_.clear();
  ready_.clear();
  next_ = 0;
  test_ = nullptr;
  recurse_ = nullptr;
  current_ = previous_ = Value();
  last_changed_.reset();
}

std::int64_t Loop::length() const {
  while (prefetch()) {
  }
  return index0_ + 1 + static_cast<std::int64_t>(ready_.size());
}

std::optional<Value> Loop::attribute(std::string_view name) const {
  if (name == "index0") return index0_;
  if (name == "index") return index0_ + 1;
  if (name == "first") return index0_ == 0;
  if (name == "last") return ready_.empty() && !prefetch();
  if (name == "length") return length();
  if (name == "revindex") return length() - index0_;
  if (name == "revindex0") return length() - index0_ - 1;
  if (name == "depth") return depth_ + 1;
  if (name == "depth0") return depth_;
  if (name == "previtem") return index0_ == 0 ? Value::undefined("there is no previous item") : previous_;
  if (name == "nextitem")
    return ready_.empty() && !prefetch() ? Value::undefined("there is no next item") : ready_.front();
  const auto self = std::const_pointer_cast<Object>(shared_from_this());
  if (name == "cycle") return Value(std::make_shared<LoopMethod>(cycle_method, self));
  if (name == "changed") return Value(std::make_shared<LoopMethod>(changed_method, self));
  return std::nullopt;
}

Value Loop::call(Interpreter&, Arguments arguments) {
  if (!recurse_) throw Failure("only a loop marked recursive can be called");
  if (arguments.positional.size() != 1 || !arguments.named.empty())
    throw Failure("loop() takes one iterable");
  return recurse_(iterate(arguments.positional[0]));
}

bool Loop::changed(std::vector<Value> values) {
  const bool same = last_changed_ && last_changed_->size() == values.size() &&
                    std::equal(values.begin(), values.end(), last_changed_->begin(), equal);
  if (!same) last_changed_ = std::move(values);
  return !same;
}

}  // namespace kelvin::jinja
