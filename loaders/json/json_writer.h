// Writes compact JSON: for the tools' JSON lines. Numbers round-trip; invalid UTF-8 in strings becomes
// U+FFFD.
//
//   JsonWriter line;
//   line.begin_object().member("id", 17).member("p", 0.25).end_object();
//   std::puts(line.text().c_str());  // {"id":17,"p":0.25}
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

namespace kelvin {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view key);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::integral auto number) {
    if constexpr (std::same_as<decltype(number), bool>)
      return raw(number ? "true" : "false");
    else
      return raw(std::to_string(number));
  }
  // The shortest text that reads back as the same float or double; "inf", "-inf" and "nan" as strings, JSON
  // has no such numbers.
  JsonWriter& value(float number);
  JsonWriter& value(double number);
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  // What is absent as null.
  template <class Value>
  JsonWriter& value(const std::optional<Value>& of) {
    return of ? value(*of) : value(nullptr);
  }
  // Any range of the above as an array.
  template <std::ranges::input_range Range>
  requires(!std::convertible_to<Range, std::string_view>) JsonWriter& value(const Range& range) {
    begin_array();
    for (const auto& item : range) value(item);
    return end_array();
  }
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  template <class Value>
  JsonWriter& member(std::string_view name, const Value& of) {
    return key(name).value(of);
  }

  const std::string& text() const { return text_; }
  void clear() { text_.clear(); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
};

// For JSON a number that does not exist is absent.
inline std::optional<double> unless_nan(double number) {
  return number == number ? std::optional(number) : std::nullopt;
}

// `text` as a JSON string with its quotes.
std::string json_string(std::string_view text);

}  // namespace kelvin
