// The special variable `loop` of a for loop.
#pragma once

#include <deque>
#include <functional>

#include "tokenizer/jinja/object.h"

namespace kelvin::jinja {

class Loop : public Object {
 public:
  // Takes those of `items` that pass `test` (all without one). The test is asked as late as possible, because
  // the body may change what it depends on. `recurse` renders the loop for other items; may be empty.
  Loop(std::vector<Value> items, std::function<bool(const Value&)> test,
       std::function<Value(std::vector<Value>)> recurse, int depth);

  bool advance();  // to the next item; false at the end
  const Value& item() const { return current_; }
  // Lets go of all values, so that nothing holds itself.
  void finish();

  std::string_view type() const override { return "loop"; }
  bool is_callable() const override { return true; }
  std::optional<Value> attribute(std::string_view name) const override;
  Value call(Interpreter& interpreter, Arguments arguments) override;
  // True if the arguments differ from those of the last time.
  bool changed(std::vector<Value> values);
  std::int64_t index0() const { return index0_; }

 private:
  bool prefetch() const;
  std::int64_t length() const;

  mutable std::vector<Value> items_;
  mutable std::size_t next_ = 0;
  mutable std::deque<Value> ready_;  // tested but not reached
  std::function<bool(const Value&)> test_;
  std::function<Value(std::vector<Value>)> recurse_;
  std::int64_t index0_ = -1;
  int depth_;
  Value current_, previous_;
  std::optional<std::vector<Value>> last_changed_;
};

}  // namespace kelvin::jinja
