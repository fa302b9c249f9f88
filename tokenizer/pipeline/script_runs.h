// Stretches of text in one script, as tokenizer.json's UnicodeScripts cuts it.
#pragma once

#include <string_view>
#include <vector>

#include "tokenizer/regex/regex.h"

namespace kelvin::tokenizer {

// Appends the runs of well-formed `text`. Scripts are those of Unicode 9.0; Hiragana and Katakana count as
// Han; spaces and characters without a script belong to the run before them, and in front of the first run to
// none.
void script_runs(std::string_view text, std::vector<RegexMatch>& runs);

}  // namespace kelvin::tokenizer
