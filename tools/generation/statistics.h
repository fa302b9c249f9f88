// One line about how a continuation went.
#pragma once

#include <optional>
#include <string>

#include "tools/generation/continuation.h"

namespace kelvin {

// "prompt 12 + 40 cached tok, 850 tok/s; 96 tok, 210 tok/s; mean ln p -0.43 (perplexity 1.54)"; with the time
// to load, if given.
std::string statistics_line(const Continuation& result, std::optional<double> load_seconds = {});

}  // namespace kelvin
