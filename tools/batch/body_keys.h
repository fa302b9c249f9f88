// The keys of OpenAI's bodies, and of vLLM's and llama.cpp's, that change nothing here, or that Kelvin cannot obey.
#pragma once

#include <string_view>

#include "loaders/json/json.h"

namespace kelvin {

struct PassedKey {
  std::string_view name;
  bool
      is_refused;  // the answer would not be what was asked for; else it is passed over, and the answer says so
  std::string_view why;  // behind "KEY: ignored: " or as the error
};

// nullptr: it is none of these.
const PassedKey* find_passed_key(std::string_view name);

// Whether a value asks for nothing: null, false, 0, or what is empty.
bool says_nothing(JsonValue value);

}  // namespace kelvin
