// How a token is shown to people.
#pragma once

#include <string>

#include "tokenizer/tokenizer.h"

namespace kelvin {

// What it stands for, in quotes, with everything that is not printable escaped; "(no token)" for other ids.
std::string shown_token(const Tokenizer& tokenizer, int id);

}  // namespace kelvin
