// What the tokenizer.json of some families says of blanks beside special tokens, and GGUF has no key for. It
// is known by the file's architecture and name and by the tokens themselves, as in llama.cpp.
#pragma once

#include <vector>

#include "loaders/tokenizer/gguf_vocabulary.h"
#include "tokenizer/models/model_spec.h"

namespace kelvin {

// Phi-3 and Phi-4: special tokens take the whitespace behind them, or on both sides.
void set_gguf_strips(const GgufFile& file, std::vector<AddedToken>& tokens);

// Mistral 7B and Mixtral: the blank in front of a text is put where the text begins, not behind special tokens
// too, and not where there is one already.
bool gguf_marks_first_word_only(const GgufFile& file, const GgufVocabulary& vocabulary);

}  // namespace kelvin
