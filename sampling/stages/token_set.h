// Sets of tokens, described by what their bytes decode to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/stage.h"

namespace kelvin::sampling {

// The ids, ascending, that `expression` names:
//   id:13 or id:13,14-20   these ids
//   hello                  tokens that read "hello", or " hello" with its leading space
//   regex:[0-9]+           tokens that match as a whole: Ruby's syntax, as in a tokenizer.json. \d, \w, \s and [:alpha:]
//                          know ASCII alone, \p{..} all of Unicode. Bytes that are no whole character count as U+FFFD
//   script:Latin           tokens that can be part of a text in that script: its letters, and marks, digits, punctuation
//                          and spaces of no script. Pieces of a multi-byte character count if such a character has
//                          this piece. Special tokens are no text
//   file:PATH              tokens that occur anywhere in the bytes of that file; PATH alone does where no token reads so
// words:PATH is no set, since it depends on the text before (word_text.h): only `allow` takes it.
// Throws UserError if it is malformed, if it names no token or an id that the vocabulary does not have, or if the
// vocabulary is needed and not given.
std::vector<int> token_set(std::string_view expression, const Vocabulary& vocabulary);

// The bytes of a file; nothing where there is none.
std::optional<std::string> content_of(std::string_view path);

// Throws UserError, beginning with `where`, for an id that the vocabulary does not have.
void check_exists(int id, const Vocabulary& vocabulary, std::string_view where);

}  // namespace kelvin::sampling
