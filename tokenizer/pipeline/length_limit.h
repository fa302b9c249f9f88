// A tokenizer's file may make a text longer step by step: by a character here, a word there, but not without
// end, which would let a small file ask for any amount of memory.
#pragma once

#include <cstddef>
#include <string>

#include "tokenizer/base/tokenizer_error.h"

namespace kelvin::tokenizer {

// Bytes that a text of `bytes` may become. The longest of honest steps is a factor of 11, NFKD of U+FDFA.
constexpr std::size_t max_length_from(std::size_t bytes) { return 64 * bytes + 4096; }

// Throws TokenizerError that names the `part` of the file if `size` is above `most`.
inline void check_length(std::size_t size, std::size_t max, const char* part) {
  if (size > max)
    throw TokenizerError(std::string(part) +
                         ": a text at most 64 times as long as the given one expected, a longer one found");
}

}  // namespace kelvin::tokenizer
