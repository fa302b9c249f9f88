// Numbers as JSON writes them.
#pragma once

#include <string_view>

#include "loaders/json/json_tape.h"

namespace kelvin {

struct NumberRead {
  const char* end;            // behind the number
  const char* wrong;          // where the text is not as it should be; nullptr if it is
  std::string_view expected;  // what should stand at `wrong`
};

// Reads the number at `begin`, a digit or '-', into `node`: exactly where it is an integer of 64 bits, else
// correctly rounded; a number beyond the range of a double is wrong at `begin`.
NumberRead read_json_number(const char* begin, const char* end, JsonNode& node);

}  // namespace kelvin
