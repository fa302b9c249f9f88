// Values with an identity that exist only while a template renders: namespaces, macros, loops, functions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

class Interpreter;
class TextBuilder;

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  // Removes and returns the named argument.
  std::optional<Value> take(std::string_view name);
};

class Object : public std::enable_shared_from_this<Object> {
 public:
  virtual ~Object() = default;
  virtual std::string_view type() const = 0;
  virtual std::optional<Value> attribute(std::string_view) const { return std::nullopt; }
  // What iterating over it gives; nothing where that cannot be.
  virtual std::optional<std::vector<Value>> items() const { return std::nullopt; }
  virtual bool is_callable() const { return true; }
  virtual Value call(Interpreter& interpreter, Arguments arguments);
  // Prints the object within `depth` others.
  virtual void append_text(TextBuilder& out, int depth) const;
  virtual int depth() const { return 0; }

 protected:
  Object() : charge_(128) {}
  Charge charge_;
};

// namespace(): the one value a template can change, by {% set ns.name = value %}. The interpreter empties all
// of them when it ends, so that a namespace that holds itself is freed.
class Namespace : public Object {
 public:
  std::string_view type() const override { return "Namespace"; }
  std::optional<Value> attribute(std::string_view name) const override;
  bool is_callable() const override { return false; }
  void append_text(TextBuilder& out, int depth) const override;
  void set(const std::string& name, Value value);
  void clear() { attributes_.clear(); }

 private:
  std::map<std::string, Value, std::less<>> attributes_;
};

}  // namespace kelvin::jinja
