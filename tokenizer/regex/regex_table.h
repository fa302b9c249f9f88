// The general way to match, linear for every pattern: going from the end of the text to its begin, the end of
// the preferred match is computed for every instruction at every character. What starts at a place depends
// only on what starts there and behind, so one column of the table is enough.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/regex/regex_program.h"

namespace kelvin::regex {

// result[i]: the end of the match that begins at byte begin + i of well-formed `text`, shape (text.size() -
// begin + 1,); -1 where there is none and inside characters. Takes text x program steps.
std::vector<std::int32_t> match_everywhere(const RegexProgram& program, std::string_view text,
                                           std::size_t begin);

}  // namespace kelvin::regex
