// A day given by the user, for templates that ask what day it is.
#pragma once

#include <string>

#include "tokenizer/jinja/clock.h"

namespace kelvin {

// "YYYY-MM-DD", midnight. Throws UsageError ("... expected") for anything else, days that do not exist
// included.
Clock parse_date(const std::string& text);

std::string date_text(const Clock& clock);  // YYYY-MM-DD

}  // namespace kelvin
