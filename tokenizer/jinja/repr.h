// Values as text: Python's str() and repr(), and json.dumps().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

// A string that is about to become a value or output; counts what it grows to.
class TextBuilder {
 public:
  void append(std::string_view piece);
  void append(std::size_t count, char c);
  std::size_t size() const { return text_.size(); }
  std::string take() { return std::move(text_); }

 private:
  void make_room(std::size_t bytes);
  std::string text_;
  Charge charge_;
};

std::string to_text(const Value& value);  // str(value); "" if undefined
std::string repr(const Value& value);
bool is_markup(const Value& value);
// str(value) as it stands in HTML; markup as it is.
std::string escaped(const Value& value);
// Appends repr(value), which stands within `depth` other values.
void append_repr(TextBuilder& out, const Value& value, int depth);
// The shortest digits that read back as the same number, written as Python writes floats: 0.1, 1e-05, 1e+16,
// inf.
std::string real_text(double value);

struct JsonStyle {
  bool ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // per level; one line without
  std::string item_separator = ", ", key_separator = ": ";
};
// Throws Failure for values JSON does not have.
std::string to_json(const Value& value, const JsonStyle& style);

}  // namespace kelvin::jinja
