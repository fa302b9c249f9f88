// A compiled map of SentencePiece as tokenizer.json's Precompiled applies it.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/pipeline/charsmap.h"

namespace kelvin::tokenizer {

// `text` by grapheme clusters, as the reference does, which takes the shortest key that a short cluster begins
// with for the whole of it. `origin`: as for Normalizer::run. Stops where the result is longer than `max`.
std::string mapped(std::string_view text, const CharsMap& map, std::size_t max, std::size_t& origin);

}  // namespace kelvin::tokenizer
