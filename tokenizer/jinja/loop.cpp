#include "tokenizer/jinja/loop.h"

namespace kelvin::jinja {

Loop::Loop(std::vector<Value> items, std::function<bool(const Value&)> test)
    : items_(std::move(items)), test_(std::move(test)) {
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
  current_ = previous_ = Value();
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
  if (name == "previtem") return index0_ == 0 ? Value::undefined("there is no previous item") : previous_;
  if (name == "nextitem")
    return ready_.empty() && !prefetch() ? Value::undefined("there is no next item") : ready_.front();
  if (name == "cycle" || name == "changed" || name == "depth" || name == "depth0")
    throw Failure("loop." + std::string(name) + " is not supported");
  return std::nullopt;
}

}  // namespace kelvin::jinja
