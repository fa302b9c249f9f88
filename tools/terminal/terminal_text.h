// Text of a model on its way to a person or a pipe.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include "tools/terminal/word_wrap.h"

namespace kelvin {

// Control characters but newline and tab, and what is no UTF-8, as \xNN: terminals act on them (CWE-150).
std::string without_controls(std::string_view text);

class TerminalText {
 public:
  // `out` writes to `descriptor`. On a terminal words are wrapped at its width, which is asked for again with every
  // write, and control characters are spelled out; a pipe or file gets the bytes as they are.
  TerminalText(std::ostream& out, int descriptor);

  // Whole characters, written at once.
  void write(std::string_view text);
  // In a colour or weight: "38;5;208" (SGR of ECMA-48), or "" for none. On a pipe as it is.
  void write(std::string_view text, std::string_view style);
  bool at_line_start() const { return at_line_start_; }

 private:
  std::ostream& out_;
  int descriptor_;
  bool is_terminal_, moves_cursor_;
  WordWrap wrap_;
  int stops_;  // of the program, when it wrote last
  bool at_line_start_ = true;
};

template <typename Value>
TerminalText& operator<<(TerminalText& out, const Value& value) {
  if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
    out.write(value);
  } else {
    static_assert(std::is_integral_v<Value> && sizeof(Value) >= sizeof(int),
                  "text or a number, no character");
    out.write(std::to_string(value));
  }
  return out;
}

}  // namespace kelvin
