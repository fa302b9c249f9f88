// Strings as JSON writes them.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

struct StringRead {
  const char* end;            // the closing quote
  bool escaped;               // the characters were appended to the arena
  const char* wrong;          // where the text is not as it should be; nullptr if it is
  std::string_view expected;  // what should stand at `wrong`
  std::string_view found;     // what does; empty: the character there, or the end of the text
};

// Reads the string whose first character, behind the opening quote, is at `begin`. One without escapes is the
// text itself; else its characters are appended to `arena`.
StringRead read_json_string(const char* begin, const char* end, std::string& arena);

}  // namespace kelvin
