// Byte-pair encoding by scores, as SentencePiece and tiktoken have it: two neighbours merge where their text
// together is a token, the token with the highest score first, of equal scores the leftmost.
#pragma once

#include <vector>

#include "tokenizer/models/model_spec.h"
#include "tokenizer/models/vocabulary.h"

namespace kelvin::tokenizer {

// Fills merges and ranks of `spec` with every way to make a token out of two. `scores` (vocabulary.limit(),):
// by id, -infinity where a token is not made by merging (but may still be a part). Throws
// TokenizerError if a token that is made has a character that is none, since such a character would
// have to merge all the same; unless `every_char` is false: such a token is then never made.
void merge_by_scores(const TokenTable& vocabulary, const std::vector<double>& scores, BpeSpec& spec,
                     bool every_char = true);

}  // namespace kelvin::tokenizer
